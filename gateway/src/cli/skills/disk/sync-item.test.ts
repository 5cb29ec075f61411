import { describe, expect, it } from 'vitest'
import { sha256, splitSkillMd, toSyncItem } from './sync-item.ts'

const local = (skillMd: string, files: { path: string; content: Buffer }[] = []) => ({
  folder: '/work/skills/refund-policy',
  skillFile: '/work/skills/refund-policy/SKILL.md',
  skillMd,
  modifiedAt: new Date('2026-01-02T03:04:05Z'),
  files,
})

it('a folder becomes a row whose hash names the trimmed body', () => {
  const item = toSyncItem(
    local(
      '---\nname: refunds\ndescription: How to refund.\ncategory: support\nskill-type: capability\nx-own: 1\n---\n\n# Refunds\n\nAsk first.\n\n',
      [{ path: 'eval.yaml', content: Buffer.from('cases: []\n') }],
    ),
  )
  expect(item).toEqual({
    name: 'refunds',
    description: 'How to refund.',
    body_markdown: '# Refunds\n\nAsk first.',
    content_hash: sha256('# Refunds\n\nAsk first.'),
    local_updated_at: '2026-01-02T03:04:05.000Z',
    frontmatter: {
      name: 'refunds',
      description: 'How to refund.',
      category: 'support',
      'skill-type': 'capability',
      'x-own': 1,
    },
    category: 'support',
    skill_type: 'capability',
    eval_yaml_text: 'cases: []\n',
    eval_yaml_hash: sha256('cases: []\n'),
  })
})

it('without a frontmatter the folder names it and the first paragraph describes it', () => {
  const item = toSyncItem(local('# Refunds\n\nHow to\nrefund an order.\n\nMore.'))
  expect(item).toMatchObject({
    name: 'refund-policy',
    description: 'How to refund an order.',
    frontmatter: {},
  })
})

describe('the frontmatter', () => {
  it.each([
    ['CRLF', '---\r\nname: a\r\n---\r\nBody\r\n'],
    ['a byte order mark', '\uFEFF---\nname: a\n---\nBody'],
    ['spaces after the fence', '---  \nname: a\n--- \n\nBody\n'],
  ])('is read with %s', (_, text) => {
    expect(splitSkillMd(text, 'SKILL.md')).toMatchObject({ frontmatter: { name: 'a' }, body: 'Body' })
  })

  it('may be empty', () => {
    expect(splitSkillMd('---\n---\nBody', 'SKILL.md')).toMatchObject({ frontmatter: {}, body: 'Body' })
  })

  it('is no rule in the middle of a text', () => {
    const text = 'Text\n\n---\n\nMore\n\n---\n'
    expect(splitSkillMd(text, 'SKILL.md')).toMatchObject({ frontmatter: {}, body: text.trim() })
  })

  it.each(['a: [1', '- a\n- b', 'just text', 'a: &x [*x'])('%j is refused with its place', (yaml) => {
    expect(() => splitSkillMd(`---\n${yaml}\n---\nBody`, 'some/SKILL.md')).toThrow(
      'some/SKILL.md: the frontmatter',
    )
  })
})
