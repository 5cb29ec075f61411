import { expect, it } from 'vitest'
import { createRandom } from '../retrieval/make-skill.fixture.ts'
import { compareNames } from './menu-entry.ts'

const codePointsOf = (text: string): number[] =>
  Array.from(text, (character) => character.codePointAt(0) ?? 0)

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [codePointsOf(a), codePointsOf(b)]
  const at = left.findIndex((point, index) => point !== right[index])
  return at < 0 ? left.length - right.length : (left[at] ?? -1) - (right[at] ?? -1)
}

it('orders names by their code points, whatever they are written in', () => {
  const random = createRandom(4)
  const characters = ['a', 'b', '-', 'é', '中', '\ud7ff', '\ue000', '\uffe5', '😀', '😁', '\u{10ffff}']
  const name = (): string =>
    Array.from({ length: 1 + Math.floor(4 * random()) }, () => {
      return characters[Math.floor(characters.length * random())]
    }).join('')
  for (let round = 0; round < 5_000; round++) {
    const [one, other] = [name(), name()]
    expect(Math.sign(compareNames({ name: one }, { name: other }))).toBe(
      Math.sign(compareCodePoints(one, other)),
    )
  }
})
