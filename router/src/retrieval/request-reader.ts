import { type AskedWord, mostAsked } from './dense/description-words.ts'
import { type QuantisedVector, quantise } from './dense/quantise.ts'
import type { LexicalIndex, MatchedTerm } from './lexical/lexical-index.ts'
import type { SkillVectors } from './skill-vectors.ts'
import { splitRequest } from './text/split-request.ts'
import { stem } from './text/stem.ts'
import { stopWords } from './text/stop-words.ts'
import type { Vocabulary } from './text/vocabulary.ts'
import { WordBuffer } from './text/word-buffer.ts'

/** A word said a hundred times is not a hundred times as important. */
const mostCounted = 2

/** A request, or one of its sentences, as the lists look for it. */
export interface ReadText {
  /** Stems of every word in order, stop words included: what names and phrases are looked for in. */
  readonly sequence: Int32Array
  /** How many distinct content words there are. Of nothing but stop words all count: a skill may be `how-to`. */
  readonly contentWords: number
  /** The content words that some skill has. */
  readonly terms: readonly MatchedTerm[]
  /** The IDF of all content words together; one that no skill has counts as the rarest. */
  readonly mass: number
  readonly vector: QuantisedVector
}

export interface ReadRequest {
  readonly whole: ReadText
  /** Sentences and steps, when it has several. */
  readonly parts: readonly ReadText[]
  /** Distinct content words in order, as far as they are compared with descriptions. */
  readonly asked: readonly AskedWord[]
}

/** Reads requests. Stems that no skill has are numbers below 0, the same within one request. */
export class RequestReader {
  readonly #vocabulary: Vocabulary
  readonly #lexical: LexicalIndex
  readonly #vectors: SkillVectors | null
  readonly #words = new WordBuffer()
  readonly #unknown = new Map<string, number>()

  constructor(vocabulary: Vocabulary, lexical: LexicalIndex, vectors: SkillVectors | null) {
    this.#vocabulary = vocabulary
    this.#lexical = lexical
    this.#vectors = vectors
  }

  read(query: string): ReadRequest {
    this.#unknown.clear()
    const asked: AskedWord[] = []
    const whole = this.#readText(query, asked)
    const parts = splitRequest(query).map((part) => this.#readText(part, null))
    return { whole, parts, asked }
  }

  #readText(text: string, asked: AskedWord[] | null): ReadText {
    const words = this.#words
    words.read(text)
    const sequence = new Int32Array(words.count)
    const counts = new Map<number, number>()
    for (let index = 0; index < words.count; index++) {
      const word = this.#vocabulary.find(words, index)
      const spelt = word < 0 ? words.wordAt(index) : null
      const stem = spelt === null ? this.#vocabulary.stemOf(word) : this.#findStem(spelt)
      sequence[index] = stem
      if (spelt === null ? this.#vocabulary.termOf(word) < 0 : stopWords.has(spelt)) continue
      counts.set(stem, Math.min((counts.get(stem) ?? 0) + 1, mostCounted))
      if (asked !== null && asked.length < mostAsked) addOnce(asked, spelt ?? word, stem)
    }
    if (counts.size === 0)
      for (const stem of sequence) counts.set(stem, Math.min((counts.get(stem) ?? 0) + 1, mostCounted))
    return { sequence, contentWords: counts.size, ...this.#match(counts), vector: this.#embed(text) }
  }

  #match(counts: ReadonlyMap<number, number>): Pick<ReadText, 'terms' | 'mass'> {
    const terms: MatchedTerm[] = []
    let mass = 0
    for (const [stem, count] of counts) {
      const matched = this.#lexical.match(stem, count)
      if (matched !== null) terms.push(matched)
      mass += matched?.idf ?? this.#lexical.idfOf(0)
    }
    return { terms: terms.sort((one, other) => other.weight - one.weight), mass }
  }

  #findStem(word: string): number {
    const stemmed = stem(word)
    const known = this.#vocabulary.findWord(stemmed)
    if (known >= 0) return known
    const seen = this.#unknown.get(stemmed) ?? -1 - this.#unknown.size
    this.#unknown.set(stemmed, seen)
    return seen
  }

  #embed(text: string): QuantisedVector {
    return this.#vectors === null ? nowhere : quantise(this.#vectors.embed(text))
  }
}

function addOnce(asked: AskedWord[], word: number | string, stem: number): void {
  for (const known of asked) if (known.word === word) return
  asked.push({ word, stem })
}

const nowhere: QuantisedVector = { values: new Int8Array(0), scale: 0 }
