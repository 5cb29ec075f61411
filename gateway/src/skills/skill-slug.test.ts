import { expect, it } from 'vitest'
import { slugOf } from './skill-slug.ts'

it.each([
  ['pdf-forms', 'pdf-forms'],
  ['acme/pdf-forms', 'acme--pdf-forms'],
  ['code_review', expect.stringMatching(/^code-review-[0-9a-f]{6}$/)],
  ['Über.Größe', expect.stringMatching(/^u-ber-gro-e-[0-9a-f]{6}$/)],
  ['技能', expect.stringMatching(/^skill-[0-9a-f]{6}$/)],
  ['a--b', expect.stringMatching(/^a-b-[0-9a-f]{6}$/)],
])('%s', (name, slug) => {
  expect(slugOf(name)).toEqual(slug)
})

it('keeps names apart that look alike', () => {
  const names = ['a/b', 'a--b', 'a-b', 'a_b', 'A-b', 'a.b', 'ä-b']
  expect(new Set(names.map(slugOf)).size).toBe(names.length)
})
