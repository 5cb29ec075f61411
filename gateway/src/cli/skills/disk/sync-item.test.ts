import { expect, it } from 'vitest'
import { digestContent } from '../../../skills/tree-digest.ts'
import { toSyncItem } from './sync-item.ts'

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
    content_hash: digestContent('# Refunds\n\nAsk first.'),
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
    eval_yaml_hash: digestContent('cases: []\n'),
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

it('a frontmatter that is no mapping is refused with its place', () => {
  for (const yaml of ['a: [1', '- a', 'just text'])
    expect(() => toSyncItem(local(`---\n${yaml}\n---\nBody`))).toThrow('/work/skills/refund-policy/SKILL.md:')
})
