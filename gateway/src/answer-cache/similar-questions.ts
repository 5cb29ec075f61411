import { type Embedder, quantise, VectorRows } from '@routeiq/router'
import { comparableWords } from './comparable-words.ts'

/** Questions that are remembered; later ones take the places of the oldest. */
const mostQuestions = 10_000
/** A longer text hides differences. */
const mostCharacters = 1_000
/** Of the most similar questions so many are looked at closely. */
const mostCandidates = 8

/** What somebody asks, as it is compared with what was asked before. */
export interface Question {
  /** Only questions of one group are compared: they differ in nothing but their text. */
  readonly group: string
  readonly words: readonly string[]
  /** Of length 1. */
  readonly vector: Float32Array
}

export interface SimilarQuestion {
  /** The name of its answer. */
  readonly key: string
  /** Cosine, rounded to four places. */
  readonly similarity: number
}

interface Place {
  readonly group: string
  readonly key: string
  readonly words: readonly string[]
}

/**
 * Questions that have been answered, found by what they mean. An embedding of words knows neither numbers nor names it has not
 * learned, nor in which order words stand, so that every word that matters has to have its like in the other question, too: at the
 * same place, and as similar as the whole has to be.
 */
export class SimilarQuestions {
  readonly #embedder: () => Embedder
  readonly #most: number
  #rows: VectorRows | null = null
  readonly #places: (Place | undefined)[] = []
  /** Slots by group, and by the name of the answer. */
  readonly #groups = new Map<string, Set<number>>()
  readonly #slots = new Map<string, number>()
  #next = 0

  constructor(embedder: () => Embedder, most = mostQuestions) {
    this.#embedder = embedder
    this.#most = most
  }

  get size(): number {
    return this.#slots.size
  }

  /** Null for a text of which nothing can be compared, and for long ones. */
  read(group: string, text: string): Question | null {
    if (text.length > mostCharacters) return null
    const vector = this.#embed(text)
    return vector.some((value) => value !== 0) ? { group, words: comparableWords(text), vector } : null
  }

  /** Questions at least as similar as `threshold`, the most similar first. */
  find(question: Question, threshold: number): readonly SimilarQuestion[] {
    const slots = Int32Array.from(this.#groups.get(question.group) ?? [])
    if (slots.length === 0 || this.#rows === null) return []
    const cosines = new Float64Array(slots.length)
    this.#rows.readCosines(slots, quantise(question.vector), cosines, 0, 1)
    return chooseBest(cosines, threshold).flatMap((index) => {
      const place = this.#places[slots[index] ?? -1]
      if (place === undefined || !this.#isAlike(place.words, question.words, threshold)) return []
      const similarity = Math.min(1, Math.round((cosines[index] ?? 0) * 1e4) / 1e4)
      return { key: place.key, similarity }
    })
  }

  /** Remembers that the answer `key` is one to `question`. */
  keep({ group, words, vector }: Question, key: string): void {
    this.forget(key)
    const slot = this.#next
    this.#next = (this.#next + 1) % this.#most
    const old = this.#places[slot]
    if (old !== undefined) this.forget(old.key)
    this.#rows ??= new VectorRows(vector.length, false)
    this.#rows.put(slot, vector)
    this.#places[slot] = { group, key, words }
    this.#slots.set(key, slot)
    const slots = this.#groups.get(group)
    if (slots === undefined) this.#groups.set(group, new Set([slot]))
    else slots.add(slot)
  }

  /** The answer is there no more. */
  forget(key: string): void {
    const slot = this.#slots.get(key)
    const group = slot === undefined ? undefined : this.#places[slot]?.group
    if (slot === undefined || group === undefined) return
    this.#rows?.delete(slot)
    this.#places[slot] = undefined
    this.#slots.delete(key)
    const slots = this.#groups.get(group)
    slots?.delete(slot)
    if (slots?.size === 0) this.#groups.delete(group)
  }

  #isAlike(left: readonly string[], right: readonly string[], threshold: number): boolean {
    return (
      left.length === right.length &&
      left.every(
        (word, index) => word === right[index] || this.#compare(word, right[index] ?? '') >= threshold,
      )
    )
  }

  #compare(left: string, right: string): number {
    const a = this.#embed(left)
    return this.#embed(right).reduce((sum, value, column) => sum + value * (a[column] ?? 0), 0)
  }

  #embed(text: string): Float32Array {
    const embedder = this.#embedder()
    const vector = new Float32Array(embedder.dimensions)
    embedder.embed(text, vector)
    return vector
  }
}

/** Where the greatest values are that reach `least`, the greatest first. */
function chooseBest(values: Float64Array, least: number): readonly number[] {
  const best: number[] = []
  const valueAt = (index: number): number => values[index] ?? 0
  for (let index = 0; index < values.length; index++) {
    const value = valueAt(index)
    if (value < least || (best.length === mostCandidates && value <= valueAt(best.at(-1) ?? 0))) continue
    const place = best.findIndex((other) => valueAt(other) < value)
    best.splice(place < 0 ? best.length : place, 0, index)
    best.length = Math.min(best.length, mostCandidates)
  }
  return best
}
