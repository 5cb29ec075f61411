import { stem } from '../text/stem.ts'
import { stopWords } from '../text/stop-words.ts'
import { tokenise } from '../text/tokenise.ts'
import type { Embedder } from './embedder.ts'
import { type QuantisedVector, quantise } from './quantise.ts'
import { createRowMemory, type RowMemory } from './row-memory.ts'

/** Words of a request at most that a skill's words are compared with. */
const mostAsked = 64
/** Words of a skill at most. */
const mostSaid = 64

/** The words that skills describe themselves with, with their vectors and how many skills say each. */
export class DescriptionWords {
  readonly #embedder: Embedder
  readonly #ids = new Map<string, number>()
  readonly #words: DescriptionWord[] = []
  readonly #said: (Int32Array | undefined)[] = []
  readonly #vector: Float32Array
  readonly #rows: RowMemory
  #loaded: AskedWords | null = null
  #size = 0

  constructor(embedder: Embedder) {
    this.#embedder = embedder
    this.#vector = new Float32Array(embedder.dimensions)
    this.#rows = createRowMemory(embedder.dimensions)
    this.#rows.reserve(mostAsked)
  }

  put(slot: number, description: string): void {
    this.delete(slot)
    const said = Int32Array.from(readWords(description, mostSaid), (word) => this.#idOf(word))
    for (const id of said) this.wordAt(id).holders++
    this.#said[slot] = said
    this.#size++
  }

  delete(slot: number): void {
    const said = this.#said[slot]
    if (said === undefined) return
    for (const id of said) this.wordAt(id).holders--
    this.#said[slot] = undefined
    this.#size--
  }

  ask(request: string): AskedWords {
    return new AskedWords(this, readWords(request, mostAsked))
  }

  /** Products of a word with each vector of the request, which is put into the one memory when another was there. */
  compare({ vector }: DescriptionWord, asked: AskedWords): Int32Array {
    if (this.#loaded !== asked) {
      for (const [row, { values }] of asked.vectors.entries()) {
        this.#rows.bytes.set(values, this.#rows.offsetOf(row))
      }
      this.#loaded = asked
    }
    return this.#rows.dot(vector.values, 0, asked.vectors.length)
  }

  wordAt(id: number): DescriptionWord {
    return this.#words[id] as DescriptionWord
  }

  wordsOf(slot: number): Int32Array | undefined {
    return this.#said[slot]
  }

  idfOf({ holders }: DescriptionWord): number {
    return Math.log(1 + (this.#size - holders + 0.5) / (holders + 0.5))
  }

  embed(word: string): QuantisedVector {
    this.#embedder.embed(word, this.#vector)
    return quantise(this.#vector)
  }

  #idOf(word: string): number {
    const known = this.#ids.get(word)
    if (known !== undefined) return known
    this.#ids.set(word, this.#words.length)
    return this.#words.push({ stem: stem(word), vector: this.embed(word), holders: 0 }) - 1
  }
}

interface DescriptionWord {
  readonly stem: string
  readonly vector: QuantisedVector
  /** How many skills say it. */
  holders: number
}

/**
 * The words of a request, against which descriptions are held: for each word of a description the closest one
 * by cosine, averaged by rarity. It tells `convert a file` from `convert a currency` where the words that are
 * shared do not.
 */
class AskedWords {
  readonly vectors: readonly QuantisedVector[]
  readonly #descriptions: DescriptionWords
  readonly #stems: ReadonlySet<string>
  readonly #closest = new Map<number, number>()

  constructor(descriptions: DescriptionWords, words: readonly string[]) {
    this.vectors = words.map((word) => descriptions.embed(word))
    this.#descriptions = descriptions
    this.#stems = new Set(words.map(stem))
  }

  /** How much of the description in `slot` the request asks for, 0–1. */
  cover(slot: number): number {
    let mass = 0
    let covered = 0
    for (const id of this.#descriptions.wordsOf(slot) ?? []) {
      const word = this.#descriptions.wordAt(id)
      const idf = this.#descriptions.idfOf(word)
      mass += idf
      covered += idf * this.#findClosest(id, word)
    }
    return mass === 0 ? 0 : covered / mass
  }

  #findClosest(id: number, word: DescriptionWord): number {
    const known = this.#closest.get(id)
    if (known !== undefined) return known
    let closest = this.#stems.has(word.stem) ? 1 : 0
    if (closest === 0) {
      const products = this.#descriptions.compare(word, this)
      for (const [row, { scale }] of this.vectors.entries()) {
        closest = Math.max(closest, (products[row] as number) * scale * word.vector.scale)
      }
    }
    this.#closest.set(id, closest)
    return closest
  }
}

function readWords(text: string, most: number): string[] {
  const words = new Set(tokenise(text).filter((word) => !stopWords.has(word)))
  return [...words].slice(0, most)
}
