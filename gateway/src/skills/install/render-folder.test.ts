import { describe, expect, it } from 'vitest'
import { digestContent } from '../tree-digest.ts'
import { parseFrontmatter, splitSkillMd } from '../validate/frontmatter.ts'
import { renderFolder } from './render-folder.ts'

const file = (path: string, text: string, members: object = {}) => ({
  ...{ path, digest: digestContent(text), sizeBytes: text.length, contentType: 'text/plain' },
  ...{ isText: true, isExecutable: false, content: Buffer.from(text), ...members },
})
const head = 'name: refunds\ndescription: Old.\nlicense: MIT\nallowed-tools: Read, Bash(git:*)\n'
const skill = {
  skillId: 'id-1',
  name: 'acme/refunds',
  category: 'support',
  invocation: 'user',
  version: {
    versionId: 'version-1',
    versionNumber: 3,
    description: 'Say "yes" --- or\nno.',
    body: 'First.\r\nThen.\n',
    skillMd: `---\n${head}---\n\nFirst.\r\nThen.\n`,
  },
  files: [
    file('scripts/run.sh', 'echo', { isExecutable: true }),
    file('assets/logo.png', 'x', { isText: false }),
    file('notes.txt', 'x'),
    file('references/SKILL.md', 'x'),
  ],
}

describe('a rendered folder', () => {
  const folder = renderFolder(skill, 'acme-refunds')
  const text = folder.files[0]?.content ?? ''

  it('begins with a SKILL.md that says what it is and reads back', () => {
    const { frontmatter } = splitSkillMd(text)
    expect(frontmatter).not.toContain('---')
    expect(parseFrontmatter(frontmatter ?? '')).toMatchObject({
      fields: {
        name: 'acme-refunds',
        description: 'Say "yes" --- or no.',
        license: 'MIT',
        'allowed-tools': 'Read',
        'disable-model-invocation': true,
        metadata: {
          'decimalai-skill-id': 'id-1',
          'decimalai-version': '3',
          'decimalai-body-sha256': digestContent('First.\nThen.'),
          'decimalai-invocation': 'user',
        },
      },
    })
    expect(text.endsWith('First.\nThen.\n')).toBe(true)
    expect(text).not.toContain('\r')
  })

  it('holds text files of known directories, and names what it leaves out', () => {
    expect(folder.files.map(({ path, mode }) => [path, mode])).toEqual([
      ['SKILL.md', '0644'],
      ['scripts/run.sh', '0755'],
    ])
    expect(folder.unavailable.map(({ path }) => path)).toEqual([
      'assets/logo.png',
      'notes.txt',
      'references/SKILL.md',
    ])
    expect(folder.notes).toEqual(['allowed-tools: not approved in advance: Bash(git:*)'])
  })

  it('has a hash that does not depend on the folder', () => {
    expect(renderFolder(skill, 'other').hash).toBe(folder.hash)
    const version = { ...skill.version, description: 'Another.' }
    expect(renderFolder({ ...skill, version }, 'other').hash).not.toBe(folder.hash)
  })
})
