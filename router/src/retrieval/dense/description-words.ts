import { NumberLists } from '../number-lists.ts'
import { Vocabulary } from '../text/vocabulary.ts'
import { grow } from '../text/word-buffer.ts'
import type { Embedder } from './embedder.ts'
import { type QuantisedVector, quantise } from './quantise.ts'
import { createRowMemory, type RowMemory } from './row-memory.ts'

/** Words of a request at most that a skill's words are compared with. */
export const mostAsked = 64
/** Words of a skill at most. */
const mostSaid = 64
/** What every row that the request says has in common, and where those begin that it does not say. */
const [saidAt, firstUnsaid] = [1, 2] as const

/** A content word of a request. */
export interface AskedWord {
  /** Its number in the vocabulary, or the word itself where no skill has it. */
  readonly word: number | string
  /** Below 0 where no skill has it. */
  readonly stem: number
}

/** What a request asks for, as descriptions are held against it; not valid any more after an edit. */
export interface AskedFor {
  readonly vectors: readonly QuantisedVector[]
  readonly stems: ReadonlySet<number>
}

/** The words that skills describe themselves with, a row each: a vector, and how many skills say it. */
export class DescriptionWords {
  readonly #embedder: Embedder
  readonly #vocabulary: Vocabulary
  readonly #vector: Float32Array
  readonly #memory: RowMemory
  /** By word of the vocabulary: 0 when no description says it, else its row and 1. */
  #rowOfWord = new Int32Array(512)
  /** By row. */
  #stems = new Int32Array(512)
  #holders = new Int32Array(512)
  #scales = new Float32Array(512)
  /** Where in `#closest` a row at hand stands, or 0; zeros in between. */
  #places = new Int32Array(512)
  /** 0 where it is not known. */
  #idfs = new Float64Array(512)
  #isEdited = false
  #rows = 0
  /** The rows at hand that the request does not say, and how close it comes to them. */
  #unsaid = new Int32Array(0)
  #closest = new Float64Array(0)
  /** The rows of the description at hand. */
  readonly #read = new Int32Array(mostSaid)
  /** By slot, the rows of the words a description says. */
  readonly #said = new NumberLists()
  /** By slot, 1 where there is a description. */
  #isHeld = new Uint8Array(64)
  #size = 0

  constructor(embedder: Embedder, vocabulary: Vocabulary = new Vocabulary()) {
    this.#embedder = embedder
    this.#vocabulary = vocabulary
    this.#vector = new Float32Array(embedder.dimensions)
    this.#memory = createRowMemory(embedder.dimensions)
  }

  /** @param description words of the vocabulary in order */
  put(slot: number, description: Int32Array): void {
    this.#forget(slot)
    const said = this.#readRows(description)
    for (let index = 0; index < said.length; index++) this.#addHolder(said[index] as number, 1)
    this.#said.put(slot, said)
    if (slot >= this.#isHeld.length) {
      const isHeld = new Uint8Array(2 * slot)
      isHeld.set(this.#isHeld)
      this.#isHeld = isHeld
    }
    this.#isHeld[slot] = 1
    this.#size++
    this.#isEdited = true
  }

  delete(slot: number): void {
    if (this.#forget(slot)) this.#said.put(slot, [])
  }

  /** What a request asks for: its first `mostAsked` words count. */
  ask(words: readonly AskedWord[]): AskedFor {
    const asked = words.slice(0, mostAsked)
    return {
      vectors: asked.map((word) => this.#vectorOf(word)),
      stems: new Set(asked.map(({ stem }) => stem)),
    }
  }

  /**
   * How much of the description in each of `slots` is asked for, 0–1: for each word of a description the closest one
   * of the request by cosine, averaged by rarity. It tells `convert a file` from `convert a currency` where the words
   * that are shared do not.
   */
  cover(slots: readonly number[], asked: AskedFor): number[] {
    this.#forgetIdfs()
    this.#reserveClosest(slots.length)
    this.#findClosest(slots, asked)
    const shares = slots.map((slot) => this.#weigh(slot))
    this.#forgetPlaces(slots)
    return shares
  }

  /**
   * For each row of these descriptions how close the request comes to its word: 1 when it says it, in whatever form, else
   * a cosine.
   */
  #findClosest(slots: readonly number[], { vectors, stems }: AskedFor): void {
    const { numbers } = this.#said
    const rows = this.#unsaid
    let count = 0
    for (const slot of slots) {
      const start = this.#said.startOf(slot)
      const end = start + this.#said.countOf(slot)
      for (let index = start; index < end; index++) {
        const row = numbers[index] as number
        if (this.#places[row] !== 0) continue
        const isSaid = stems.has(this.#stems[row] as number)
        this.#places[row] = isSaid ? saidAt : firstUnsaid + count
        if (!isSaid) rows[count++] = row
      }
    }
    const closest = this.#closest
    closest[saidAt] = 1
    this.#memory.findClosest(vectors, rows, count, closest, firstUnsaid)
    for (let index = 0; index < count; index++)
      closest[firstUnsaid + index] =
        (closest[firstUnsaid + index] as number) * (this.#scales[rows[index] as number] as number)
  }

  #weigh(slot: number): number {
    const { numbers } = this.#said
    const start = this.#said.startOf(slot)
    const end = start + this.#said.countOf(slot)
    let mass = 0
    let covered = 0
    for (let index = start; index < end; index++) {
      const row = numbers[index] as number
      const idf = this.#idfOf(row)
      mass += idf
      covered += idf * (this.#closest[this.#places[row] as number] as number)
    }
    return mass === 0 ? 0 : covered / mass
  }

  #forgetPlaces(slots: readonly number[]): void {
    const { numbers } = this.#said
    for (const slot of slots) {
      const start = this.#said.startOf(slot)
      const end = start + this.#said.countOf(slot)
      for (let index = start; index < end; index++) this.#places[numbers[index] as number] = 0
    }
  }

  #reserveClosest(slots: number): void {
    if (mostSaid * slots <= this.#unsaid.length) return
    this.#unsaid = new Int32Array(mostSaid * slots)
    this.#closest = new Float64Array(firstUnsaid + mostSaid * slots)
  }

  /** Whether the slot had a description. */
  #forget(slot: number): boolean {
    if (this.#isHeld[slot] !== 1) return false
    const { numbers } = this.#said
    const start = this.#said.startOf(slot)
    const end = start + this.#said.countOf(slot)
    for (let index = start; index < end; index++) this.#addHolder(numbers[index] as number, -1)
    this.#isHeld[slot] = 0
    this.#size--
    this.#isEdited = true
    return true
  }

  #addHolder(row: number, by: 1 | -1): void {
    this.#holders[row] = (this.#holders[row] as number) + by
  }

  /** Inverse document frequency, looked up once after an edit. */
  #idfOf(row: number): number {
    const known = this.#idfs[row] as number
    if (known > 0) return known
    const holders = this.#holders[row] as number
    const idf = Math.log(1 + (this.#size - holders + 0.5) / (holders + 0.5))
    this.#idfs[row] = idf
    return idf
  }

  #forgetIdfs(): void {
    if (!this.#isEdited) return
    this.#idfs.fill(0)
    this.#isEdited = false
  }

  /** A word's vector: that of its row, when there is one. */
  #vectorOf({ word }: AskedWord): QuantisedVector {
    if (typeof word === 'string') return this.#embed(word)
    const row = (this.#rowOfWord[word] ?? 0) - 1
    if (row < 0) return this.#embed(this.#vocabulary.wordOf(word))
    const start = this.#memory.offsetOf(row)
    const values = this.#memory.bytes.subarray(start, start + this.#embedder.dimensions)
    return { values, scale: this.#scales[row] as number }
  }

  /** The rows of the first `mostSaid` distinct content words. */
  #readRows(description: Int32Array): Int32Array {
    const rows = this.#read
    let count = 0
    for (let index = 0; index < description.length && count < mostSaid; index++) {
      const word = description[index] as number
      if (this.#vocabulary.termOf(word) < 0) continue
      const row = this.#rowOf(word)
      if (this.#places[row] !== 0) continue
      this.#places[row] = 1
      rows[count++] = row
    }
    for (let index = 0; index < count; index++) this.#places[rows[index] as number] = 0
    return rows.subarray(0, count)
  }

  #rowOf(word: number): number {
    if (word >= this.#rowOfWord.length) this.#rowOfWord = grow(this.#rowOfWord, 2 * this.#vocabulary.size)
    const known = this.#rowOfWord[word] as number
    if (known > 0) return known - 1
    const row = this.#rows++
    this.#rowOfWord[word] = row + 1
    if (row === this.#stems.length) this.#growRows()
    this.#memory.reserve(row + 1)
    const { values, scale } = this.#embed(this.#vocabulary.wordOf(word))
    this.#memory.bytes.set(values, this.#memory.offsetOf(row))
    this.#scales[row] = scale
    this.#stems[row] = this.#vocabulary.stemOf(word)
    return row
  }

  #growRows(): void {
    this.#stems = grow(this.#stems, 2 * this.#rows)
    this.#holders = grow(this.#holders, 2 * this.#rows)
    this.#places = grow(this.#places, 2 * this.#rows)
    this.#idfs = new Float64Array(2 * this.#rows)
    const scales = new Float32Array(2 * this.#rows)
    scales.set(this.#scales)
    this.#scales = scales
  }

  /** With the precision of a row, so that it does not matter whether a word has one. */
  #embed(word: string): QuantisedVector {
    this.#embedder.embed(word, this.#vector)
    const { values, scale } = quantise(this.#vector)
    return { values, scale: Math.fround(scale) }
  }
}
