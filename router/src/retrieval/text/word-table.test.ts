import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { Vocabulary } from './vocabulary.ts'
import { WordBuffer } from './word-buffer.ts'
import { WordTable } from './word-table.ts'

describe('WordTable', () => {
  it('numbers words like a map does, however many there are', () => {
    const random = createRandom(4)
    const table = new WordTable()
    const expected = new Map<string, number>()
    const buffer = new WordBuffer()
    for (let round = 0; round < 5000; round++) {
      const word = `w${Math.floor(random() * 3000)}`
      buffer.read(word)
      expect(table.findIn(buffer, 0)).toBe(expected.get(word) ?? -1)
      if (!expected.has(word)) expected.set(word, expected.size)
      expect(table.add(buffer, 0)).toBe(expected.get(word))
    }
    expect(table.size).toBe(expected.size)
    for (const [word, number] of expected) expect(table.wordOf(number)).toBe(word)
    table.clear()
    expect([table.size, table.findIn(buffer, 0), table.add(buffer, 0)]).toEqual([0, -1, 0])
  })
})

describe('Vocabulary', () => {
  it('gives words of one stem one term, and stop words none', () => {
    const vocabulary = new Vocabulary()
    const [planning, plans, the, weather] = vocabulary.read('Planning plans the WEATHER')
    expect(vocabulary.termOf(planning as number)).toBe(vocabulary.termOf(plans as number))
    expect(vocabulary.wordOf(vocabulary.stemOf(planning as number))).toBe('plan')
    expect(vocabulary.termOf(the as number)).toBe(-1)
    expect(vocabulary.wordOf(vocabulary.stemOf(the as number))).toBe('the')
    expect(vocabulary.findWord('weather')).toBe(weather)
    expect(vocabulary.findWord('unheard')).toBe(-1)
  })

  it('reads words again under the numbers they have', () => {
    const vocabulary = new Vocabulary()
    const text = Array.from({ length: 2000 }, (_, index) => `word${index}`).join(' ')
    const first = [...vocabulary.read(text)]
    for (const word of first) vocabulary.stemOf(word)
    expect([...vocabulary.read(text)]).toEqual(first)
  })
})
