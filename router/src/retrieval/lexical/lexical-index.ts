import type { SkillDocument } from '../skill-document.ts'
import { stem } from '../text/stem.ts'
import { stopWords } from '../text/stop-words.ts'
import { tokenise } from '../text/tokenise.ts'
import { TopK } from '../top-k.ts'
import { type Field, fields } from './fields.ts'
import { PostingList } from './posting-list.ts'

/** BM25's k1: how soon further occurrences stop to count. */
const saturation = 1.2

/** A term of a request that some skill holds. */
export interface MatchedTerm {
  readonly postings: PostingList
  /** Its inverse document frequency. */
  readonly idf: number
  /** Its idf times how often the request says it. */
  readonly weight: number
}

/**
 * An inverted index scored by BM25F (Zaragoza et al. 2004, the simple form): the counts of all fields are
 * weighed and diluted by field length, summed, and saturated once. Edits are exact: after them the index
 * scores as one that was built anew.
 */
export class LexicalIndex {
  readonly #termIds = new Map<string, number>()
  readonly #termsOfWords = new Map<string, number>()
  /** Counts of the skill at hand, by term; zeros in between. */
  #counts = new Int32Array(64)
  readonly #postings: PostingList[] = []
  readonly #held: (Int32Array | undefined)[] = []
  readonly #totals = fields.map(() => 0)
  /** For each field what one word more of it dilutes, at today's average length. */
  readonly #dilutions = new Float64Array(fields.length)
  #lengths = new Uint16Array(0)
  #partial = new Float64Array(0)
  #touched = new Int32Array(0)
  #size = 0

  put(slot: number, document: SkillDocument): void {
    this.#reserve(slot)
    const terms: number[] = []
    const lengths = fields.map((field) => this.#count(tokenise(field.read(document)), field, terms))
    for (const term of this.#held[slot] ?? [])
      if (this.#counts[term] === 0) this.#postings[term]?.delete(slot)
    for (const term of terms) {
      this.#postings[term]?.put(slot, this.#counts[term] as number)
      this.#counts[term] = 0
    }
    if (this.#held[slot] === undefined) this.#size++
    this.#held[slot] = Int32Array.from(terms)
    this.#setLengths(slot, lengths)
  }

  delete(slot: number): void {
    const held = this.#held[slot]
    if (held === undefined) return
    for (const term of held) this.#postings[term]?.delete(slot)
    this.#held[slot] = undefined
    this.#size--
    this.#setLengths(slot, [])
  }

  /** The terms of a request that any skill holds, the weightiest first. */
  match(counts: ReadonlyMap<string, number>): MatchedTerm[] {
    const matched: MatchedTerm[] = []
    for (const [term, count] of counts) {
      const postings = this.#postings[this.#termIds.get(term) ?? -1]
      if (postings === undefined || postings.length === 0) continue
      const idf = this.idfOf(postings.length)
      matched.push({ postings, idf, weight: idf * count })
    }
    return matched.sort((one, other) => other.weight - one.weight)
  }

  /** Inverse document frequency in the form of Lucene, above 0 for every term; the greatest for 0 holders. */
  idfOf(holders: number): number {
    return Math.log(1 + (this.#size - holders + 0.5) / (holders + 0.5))
  }

  /** The score of one skill, and the idf of the terms it holds. */
  measure(slot: number, terms: readonly MatchedTerm[]): { score: number; covered: number } {
    let score = 0
    let covered = 0
    for (const { postings, weight, idf } of terms) {
      const found = postings.find(slot)
      if (found < 0) continue
      score += weight * this.#saturate(slot, postings.countsAt(found))
      covered += idf
    }
    return { score, covered }
  }

  /**
   * The best slots, best first. Exact: once no skill without the rarer terms can reach the top any more,
   * common terms are only looked up for the skills already found (MaxScore, Turtle and Flood 1995).
   */
  search(
    terms: readonly MatchedTerm[],
    depth: number,
    accepts: ((slot: number) => boolean) | null,
  ): number[] {
    let rest = terms.reduce((sum, { weight }) => sum + weight, 0) * (saturation + 1)
    let touched = 0
    let floor = -Infinity
    let next = 0
    for (const { postings, weight } of terms) {
      if (postings.length > touched && touched >= depth) {
        floor = this.#thresholdOf(touched, depth) - rest
        if (floor > 0) break
      }
      touched = this.#accumulate(postings, weight, touched, accepts)
      rest -= weight * (saturation + 1)
      next++
    }
    const best = this.#finish(terms, next, touched, depth, floor)
    for (let index = 0; index < touched; index++) this.#partial[this.#touched[index] as number] = 0
    return best
  }

  /** Adds one term to the partial scores; -1 marks a skill that is not accepted. */
  #accumulate(
    postings: PostingList,
    weight: number,
    touchedBefore: number,
    accepts: ((slot: number) => boolean) | null,
  ): number {
    let touched = touchedBefore
    for (let index = 0; index < postings.length; index++) {
      const slot = postings.slotAt(index)
      const held = this.#partial[slot] as number
      if (held === 0) this.#touched[touched++] = slot
      if (held < 0) continue
      if (held === 0 && accepts !== null && !accepts(slot)) this.#partial[slot] = -1
      else this.#partial[slot] = held + weight * this.#saturate(slot, postings.countsAt(index))
    }
    return touched
  }

  #finish(
    terms: readonly MatchedTerm[],
    next: number,
    touched: number,
    depth: number,
    floor: number,
  ): number[] {
    const best = new TopK(depth)
    const isComplete = next === terms.length
    for (let index = 0; index < touched; index++) {
      const slot = this.#touched[index] as number
      const partial = this.#partial[slot] as number
      if (partial < 0 || (!isComplete && partial < floor)) continue
      best.offer(slot, isComplete ? partial : this.measure(slot, terms).score)
    }
    return best.drain()
  }

  #thresholdOf(touched: number, depth: number): number {
    const best = new TopK(depth)
    for (let index = 0; index < touched; index++) {
      const partial = this.#partial[this.#touched[index] as number] as number
      if (partial > best.threshold && partial > 0) best.offer(index, partial)
    }
    return best.threshold
  }

  /** A term's share of its weight in one skill, below k1 + 1. */
  #saturate(slot: number, packed: number): number {
    let frequency = 0
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as (typeof fields)[number]
      const count = (packed >>> field.shift) & field.most
      if (count === 0) continue
      const length = this.#lengths[slot * fields.length + index] as number
      frequency += (field.weight * count) / (1 - field.dilution + length * (this.#dilutions[index] as number))
    }
    return (frequency * (saturation + 1)) / (frequency + saturation)
  }

  /** Counts the words of a field, notes the terms that are new in this skill, and says how long the field is. */
  #count(words: readonly string[], { shift, most }: Field, terms: number[]): number {
    for (const word of words) {
      const term = this.#termOfWord(word)
      if (term < 0) continue
      const packed = this.#counts[term] as number
      if (packed === 0) terms.push(term)
      if (((packed >>> shift) & most) < most) this.#counts[term] = packed + (1 << shift)
    }
    return Math.min(words.length, 65_535)
  }

  /** The term a word stands for, -1 for a stop word; remembered, so that a word is stemmed once. */
  #termOfWord(word: string): number {
    const known = this.#termsOfWords.get(word)
    if (known !== undefined) return known
    const term = stopWords.has(word) ? -1 : this.#termIdOf(stem(word))
    this.#termsOfWords.set(word, term)
    return term
  }

  #termIdOf(term: string): number {
    const known = this.#termIds.get(term)
    if (known !== undefined) return known
    const id = this.#postings.push(new PostingList()) - 1
    this.#termIds.set(term, id)
    if (id >= this.#counts.length) {
      const counts = new Int32Array(2 * id + 64)
      counts.set(this.#counts)
      this.#counts = counts
    }
    return id
  }

  #setLengths(slot: number, lengths: readonly number[]): void {
    for (let index = 0; index < fields.length; index++) {
      const place = slot * fields.length + index
      const length = lengths[index] ?? 0
      this.#totals[index] = (this.#totals[index] as number) + length - (this.#lengths[place] as number)
      this.#lengths[place] = length
      const { dilution } = fields[index] as (typeof fields)[number]
      const total = this.#totals[index] as number
      this.#dilutions[index] = total === 0 ? 0 : (dilution * this.#size) / total
    }
  }

  #reserve(slot: number): void {
    if (slot < this.#partial.length) return
    const capacity = Math.ceil(slot * 1.4) + 64
    const lengths = new Uint16Array(capacity * fields.length)
    lengths.set(this.#lengths)
    this.#lengths = lengths
    this.#partial = new Float64Array(capacity)
    this.#touched = new Int32Array(capacity)
  }
}
