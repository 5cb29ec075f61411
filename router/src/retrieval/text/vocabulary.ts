import { stem } from './stem.ts'
import { stopWords } from './stop-words.ts'
import { grow, WordBuffer } from './word-buffer.ts'
import { WordTable } from './word-table.ts'

/**
 * The words of all skills of an index as numbers, each with its stem, which is a word's number too. Words are stemmed
 * once. It only grows: numbers stay what they are.
 */
export class Vocabulary {
  readonly #words = new WordTable()
  readonly #text = new WordBuffer()
  readonly #word = new WordBuffer()
  /** By word: 0 as long as it is not known, else twice 1 more than the stem, and 1 on top for a stop word. */
  #stems = new Int32Array(512)
  #numbers = new Int32Array(128)
  #count = 0

  get size(): number {
    return this.#words.size
  }

  /** The words of a text in order, added when they are new, as a view that the next call overwrites. */
  read(text: string): Int32Array {
    this.#count = 0
    return this.view(0, this.readOn(text))
  }

  /**
   * The same of characters `start` to `stop`, behind the words that were read before, whose views may be out of date; how
   * many there are now.
   */
  readOn(text: string, start = 0, stop = text.length): number {
    const words = this.#text
    words.read(text, start, stop)
    const end = this.#count + words.count
    if (end > this.#numbers.length) this.#numbers = grow(this.#numbers, 2 * end)
    this.#words.fetch(words)
    for (let index = 0; index < words.count; index++)
      this.#numbers[this.#count + index] = this.#words.add(words, index)
    this.#reserve()
    this.#count = end
    return end
  }

  /** Words `start` to `end` of those read last. */
  view(start: number, end: number): Int32Array {
    return this.#numbers.subarray(start, end)
  }

  wordOf(number: number): string {
    return this.#words.wordOf(number)
  }

  stemOf(number: number): number {
    return (this.#stemOf(number) >> 1) - 1
  }

  /** The stem, or -1 for a stop word. */
  termOf(number: number): number {
    const known = this.#stemOf(number)
    return known % 2 === 1 ? -1 : (known >> 1) - 1
  }

  /** The number of a word, -1 when no skill has it. */
  find(words: WordBuffer, index: number): number {
    return this.#words.findIn(words, index)
  }

  /** The number of a word, -1 when no skill has it. */
  findWord(text: string): number {
    this.#word.read('')
    this.#word.push(text)
    return this.#words.findIn(this.#word, 0)
  }

  #stemOf(number: number): number {
    return (this.#stems[number] as number) || this.#findStem(number)
  }

  #findStem(number: number): number {
    const text = this.#words.wordOf(number)
    this.#word.read('')
    this.#word.push(stem(text))
    const found = this.#words.add(this.#word, 0)
    this.#reserve()
    const known = 2 * (found + 1) + (stopWords.has(text) ? 1 : 0)
    this.#stems[number] = known
    return known
  }

  #reserve(): void {
    if (this.size > this.#stems.length) this.#stems = grow(this.#stems, 2 * this.size)
  }
}
