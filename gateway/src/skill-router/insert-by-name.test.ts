import { describe, expect, it } from 'vitest'
import { insertByName } from './insert-by-name.ts'

const named = (names: string, from: string) => [...names].map((name) => ({ name, from }))
const insert = (skills: string, added: string): string => {
  const list = named(skills, 'old')
  insertByName(list, named(added, 'new'))
  return list.map(({ name, from }) => (from === 'new' ? name.toUpperCase() : name)).join('')
}

describe('insertByName', () => {
  it.each([
    ['', '', ''],
    ['', 'ab', 'AB'],
    ['ab', '', 'ab'],
    ['ab', 'cd', 'abCD'],
    ['cd', 'ab', 'ABcd'],
    ['acegi', 'bdfhj', 'aBcDeFgHiJ'],
    ['bbcc', 'abbcd', 'AbbBBccCD'],
  ])('puts into "%s" what "%s" names', (skills, added, all) => {
    expect(insert(skills, added)).toBe(all)
  })

  it('orders as a stable sort of all does', () => {
    const lists = Array.from({ length: 200 }, (_, seed) =>
      [3, 5].map((factor) =>
        Array.from({ length: (seed * factor) % 23 }, (_, n) => ({ name: `n${(n * seed * factor) % 17}`, n })),
      ),
    )
    const byName = (one: { name: string }, other: { name: string }) =>
      one.name === other.name ? 0 : one.name < other.name ? -1 : 1
    for (const [skills = [], added = []] of lists) {
      const old = [...skills].sort(byName)
      const fresh = [...added].sort(byName)
      const all = [...old, ...fresh].sort(byName)
      insertByName(old, fresh)
      expect(old).toEqual(all)
      expect(old.map((skill) => all.indexOf(skill))).toEqual(all.map((_, index) => index))
    }
  })
})
