import { describe, expect, it } from 'vitest'
import { stem } from '../text/stem.ts'
import { tokenise } from '../text/tokenise.ts'
import { Vocabulary } from '../text/vocabulary.ts'
import { type AskedWord, DescriptionWords } from './description-words.ts'
import type { Embedder } from './embedder.ts'

/** Each first letter is a direction of its own: `rain` means what `ruin` means. */
const byFirstLetter: Embedder = {
  id: 'first-letter',
  dimensions: 32,
  embed(text, into) {
    into.fill(0)
    for (const word of tokenise(text)) into[word.charCodeAt(0) % 32] = 1
  },
}

function makeWords() {
  const vocabulary = new Vocabulary()
  const words = new DescriptionWords(byFirstLetter, vocabulary)
  const read = (text: string): AskedWord => {
    const word = vocabulary.findWord(text)
    return { word: word < 0 ? text : word, stem: vocabulary.findWord(stem(text)) }
  }
  return {
    put: (slot: number, description: string) => words.put(slot, vocabulary.read(description)),
    delete: (slot: number) => words.delete(slot),
    ask: (request: string) => {
      const asked = words.ask(tokenise(request).map(read))
      return { cover: (slot: number) => words.cover([slot], asked)[0] as number }
    },
  }
}

describe('DescriptionWords', () => {
  it('says how much of a description is asked for, rare words first', () => {
    const words = makeWords()
    words.put(0, 'convert currency')
    words.put(1, 'convert file')
    words.put(2, 'weather')
    const asked = words.ask('convert cash')
    expect(asked.cover(0)).toBeCloseTo(1, 5)
    expect(asked.cover(1)).toBeGreaterThan(0)
    expect(asked.cover(1)).toBeLessThan(0.5)
    expect(asked.cover(2)).toBe(0)
    expect(asked.cover(99)).toBe(0)
  })

  it('counts a word in another form as said', () => {
    const words = makeWords()
    words.put(0, 'invoices')
    expect(words.ask('invoicing').cover(0)).toBe(1)
  })

  it('keeps two requests apart that are looked at in turn', () => {
    const words = makeWords()
    words.put(0, 'apple')
    words.put(1, 'banana')
    const [one, other] = [words.ask('avocado'), words.ask('blueberry')]
    expect([one.cover(0), other.cover(0), other.cover(1), one.cover(1)].map(Math.round)).toEqual([1, 0, 1, 0])
  })

  it('forgets edits', () => {
    const words = makeWords()
    words.put(0, 'apple')
    words.put(0, 'banana')
    expect(words.ask('apple').cover(0)).toBe(0)
    words.delete(0)
    words.delete(0)
    expect(words.ask('banana').cover(0)).toBe(0)
  })
})
