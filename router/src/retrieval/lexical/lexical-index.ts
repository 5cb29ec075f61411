import { PackedLists } from '../packed-lists.ts'
import { Vocabulary } from '../text/vocabulary.ts'
import { grow } from '../text/word-buffer.ts'
import { TopK } from '../top-k.ts'
import { type Field, fields } from './fields.ts'
import { PostingBatch } from './posting-batch.ts'
import { PostingLists } from './posting-lists.ts'
import { ScoreBoard, slotsTogether } from './score-board.ts'

/** BM25's k1: how soon further occurrences stop to count. */
const saturation = 1.2

/** The greatest score of a term that is said once, as a multiple of its IDF. */
export const greatestShare = saturation + 1

/** From room for so many skills on common terms are kept as lists over all of them. */
const leastSkills = 2048
/** A term is common that one of so many skills holds. */
const commonShare = 12

/** A term of a request that some skill holds. */
export interface MatchedTerm {
  readonly term: number
  /** Its inverse document frequency. */
  readonly idf: number
  /** Its idf times how often the request says it. */
  readonly weight: number
}

type Accepts = ((slot: number) => boolean) | null

interface ScoredTerm {
  readonly impacts: Float32Array
  /** How many edits there had been. */
  readonly edits: number
}

/**
 * An inverted index scored by BM25F (Zaragoza et al. 2004, the simple form): the counts of all fields are
 * weighed and diluted by field length, summed, and saturated once. Edits are exact: after them the index
 * scores as one that was built anew.
 */
export class LexicalIndex {
  readonly #vocabulary: Vocabulary
  /** Counts of the skill at hand, by term; zeros in between. */
  #counts = new Int32Array(64)
  /** The terms of the skill at hand. */
  #terms = new Int32Array(256)
  #termCount = 0
  #found = new Int32Array(256)
  readonly #postings = new PostingLists()
  /** Empty whenever postings are read. */
  readonly #waiting = new PostingBatch()
  /** Null as long as there are few skills. */
  #board: ScoreBoard | null = null
  /** By term, of those that were looked for and are not common. */
  readonly #scored = new Map<number, ScoredTerm>()
  /** By slot, the terms of a skill: they are needed when it goes. */
  readonly #held = new PackedLists()
  readonly #totals = fields.map(() => 0)
  /** For each field what one word more of it dilutes, at today's average length. */
  readonly #dilutions = new Float64Array(fields.length)
  #lengths = new Uint16Array(0)
  /** By slot, of the request at hand, where there is no board; zeros in between. */
  #scores = new Float32Array(0)
  /** Slots there is room for. */
  #capacity = 0
  /** One more than the greatest slot there was. */
  #slots = 0
  #size = 0
  /** Counts edits: averages move with each, so what was scored before is no longer right. */
  #edits = 0

  constructor(vocabulary: Vocabulary = new Vocabulary()) {
    this.#vocabulary = vocabulary
  }

  /** @param texts of each field the words in order, numbers of the vocabulary */
  put(slot: number, texts: readonly Int32Array[]): void {
    const isLast = slot >= this.#slots
    this.#reserve(slot)
    this.#edits++
    this.#termCount = 0
    for (let index = 0; index < fields.length; index++)
      this.#setLength(slot, index, this.#count(texts[index] as Int32Array, fields[index] as Field))
    const terms = this.#terms.subarray(0, this.#termCount)
    if (isLast) this.#append(slot, terms)
    else this.#replace(slot, terms)
    this.#held.put(slot, terms)
    this.#findDilutions()
  }

  /** Leaves the postings of a slot behind all others for later. */
  #append(slot: number, terms: Int32Array): void {
    this.#size++
    for (let index = 0; index < terms.length; index++) {
      const term = terms[index] as number
      this.#waiting.add(term, slot, this.#counts[term] as number)
      this.#counts[term] = 0
    }
    this.#waiting.moveSome(this.#postings)
  }

  #replace(slot: number, terms: Int32Array): void {
    this.#settle()
    if (!this.#held.has(slot)) this.#size++
    for (const term of this.#held.read(slot)) if (this.#counts[term] === 0) this.#postings.delete(term, slot)
    this.#postings.fetchEnds(terms)
    for (let index = 0; index < terms.length; index++) {
      const term = terms[index] as number
      this.#postings.put(term, slot, this.#counts[term] as number)
      this.#counts[term] = 0
    }
  }

  /** Puts postings where they are looked for. */
  #settle(): void {
    if (this.#waiting.isEmpty) return
    this.#waiting.moveAll(this.#postings)
    this.#waiting.release()
  }

  delete(slot: number): void {
    this.#settle()
    if (!this.#held.has(slot)) return
    this.#edits++
    for (const term of this.#held.read(slot)) this.#postings.delete(term, slot)
    this.#held.delete(slot)
    this.#size--
    for (let index = 0; index < fields.length; index++) this.#setLength(slot, index, 0)
    this.#findDilutions()
  }

  /** The term of a request said `count` times, null when no skill holds it. */
  match(term: number, count: number): MatchedTerm | null {
    this.#settle()
    const holders = this.#postings.lengthOf(term)
    if (holders === 0) return null
    const idf = this.idfOf(holders)
    return { term, idf, weight: idf * count }
  }

  /** Inverse document frequency in the form of Lucene, above 0 for every term; the greatest for 0 holders. */
  idfOf(holders: number): number {
    return Math.log(1 + (this.#size - holders + 0.5) / (holders + 0.5))
  }

  /** The score of one skill. */
  measure(slot: number, terms: readonly MatchedTerm[]): number {
    this.#settle()
    let score = 0
    for (const { term, weight } of terms) score += weight * this.#impactOn(slot, term)
    return score
  }

  /** The share of its weight that a term scores in each of `slots`, 0 where it does not stand. */
  readImpacts({ term }: MatchedTerm, slots: Int32Array, into: Float64Array): void {
    const board = this.#boardOf(term)
    if (board === null) this.#readRare(term, slots, into)
    else {
      const start = this.#write(term, board)
      const { lists, unit } = board
      for (let index = 0; index < slots.length; index++)
        into[index] = (lists[start + (slots[index] as number)] as number) * unit
    }
  }

  #readRare(term: number, slots: Int32Array, into: Float64Array): void {
    const impacts = this.#score(term)
    if (slots.length > this.#found.length) this.#found = new Int32Array(2 * slots.length)
    this.#postings.findEach(term, slots, this.#found)
    for (let index = 0; index < slots.length; index++) {
      const found = this.#found[index] as number
      into[index] = found < 0 ? 0 : (impacts[found] as number)
    }
  }

  /**
   * The best slots, best first. Exact to the sixteen bits of common terms, and without pruning: adding up scored lists
   * takes less time than deciding which of them could be left out.
   */
  search(terms: readonly MatchedTerm[], depth: number, accepts: Accepts): number[] {
    this.#settle()
    for (const { term, weight } of terms) {
      const board = this.#boardOf(term)
      if (board === null) this.#addRare(term, weight)
      else board.add(this.#write(term, board), weight)
    }
    const best = new TopK(depth)
    if (this.#board === null) this.#offerSlots(0, this.#slots, best, accepts)
    else this.#offerFromBoard(this.#board, best, accepts)
    const scores = this.#board?.scores ?? this.#scores
    scores.fill(0, 0, this.#slots)
    return best.drain()
  }

  #offerFromBoard(board: ScoreBoard, best: TopK, accepts: Accepts): void {
    for (let start = 0; ; start += slotsTogether) {
      start = board.findAbove(start, Math.max(0, best.threshold))
      if (start >= this.#slots) return
      this.#offerSlots(start, Math.min(start + slotsTogether, this.#slots), best, accepts)
    }
  }

  #offerSlots(start: number, end: number, best: TopK, accepts: Accepts): void {
    const scores = this.#board?.scores ?? this.#scores
    let threshold = Math.max(0, best.threshold)
    for (let slot = start; slot < end; slot++) {
      const score = scores[slot] as number
      if (score <= threshold || (accepts !== null && !accepts(slot))) continue
      best.offer(slot, score)
      threshold = Math.max(0, best.threshold)
    }
  }

  #addRare(term: number, weight: number): void {
    const impacts = this.#score(term)
    const page = this.#postings.pageOf(term)
    const length = this.#postings.lengthOf(term)
    const scores = this.#board?.scores ?? this.#scores
    for (let index = 0, at = this.#postings.startOf(term); index < length; index++, at += 2) {
      const slot = page[at] as number
      scores[slot] = (scores[slot] as number) + weight * (impacts[index] as number)
    }
  }

  #impactOn(slot: number, term: number): number {
    const found = this.#postings.find(term, slot)
    if (found < 0) return 0
    const page = this.#postings.pageOf(term)
    return this.#saturate(slot, page[this.#postings.startOf(term) + 2 * found + 1] as number)
  }

  /** The board when it is for this term. */
  #boardOf(term: number): ScoreBoard | null {
    return this.#postings.lengthOf(term) * commonShare > this.#slots ? this.#board : null
  }

  /** The list of a common term as of the last edit; where it begins. */
  #write(term: number, board: ScoreBoard): number {
    const known = board.find(term, this.#edits)
    if (known >= 0) return known
    this.#scored.delete(term)
    const start = board.open(term, this.#edits)
    const { lists, unit } = board
    const page = this.#postings.pageOf(term)
    const length = this.#postings.lengthOf(term)
    for (let index = 0, at = this.#postings.startOf(term); index < length; index++, at += 2) {
      const slot = page[at] as number
      lists[start + slot] = this.#saturate(slot, page[at + 1] as number) / unit + 0.5
    }
    return start
  }

  /** What each posting of a term scores, as of the last edit. */
  #score(term: number): Float32Array {
    const length = this.#postings.lengthOf(term)
    const known = this.#scored.get(term)
    if (known !== undefined && known.edits === this.#edits) return known.impacts
    const isLongEnough = known !== undefined && known.impacts.length >= length
    const impacts = isLongEnough ? known.impacts : new Float32Array(Math.ceil(length * 1.1))
    const page = this.#postings.pageOf(term)
    for (let index = 0, at = this.#postings.startOf(term); index < length; index++, at += 2)
      impacts[index] = this.#saturate(page[at] as number, page[at + 1] as number)
    this.#scored.set(term, { impacts, edits: this.#edits })
    return impacts
  }

  /** A term's share of its weight in one skill, below k1 + 1. */
  #saturate(slot: number, packed: number): number {
    let frequency = 0
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as Field
      const count = (packed >>> field.shift) & field.most
      if (count === 0) continue
      const length = this.#lengths[slot * fields.length + index] as number
      frequency += (field.weight * count) / (1 - field.dilution + length * (this.#dilutions[index] as number))
    }
    return (frequency * (saturation + 1)) / (frequency + saturation)
  }

  /** Counts the words of a field, notes the terms that are new in this skill, and says how long the field is. */
  #count(words: Int32Array, { shift, most }: Field): number {
    for (let index = 0; index < words.length; index++) {
      const term = this.#vocabulary.termOf(words[index] as number)
      if (term < 0) continue
      if (term >= this.#counts.length) this.#counts = grow(this.#counts, 2 * this.#vocabulary.size)
      const packed = this.#counts[term] as number
      if (packed === 0) this.#note(term)
      if (((packed >>> shift) & most) < most) this.#counts[term] = packed + (1 << shift)
    }
    return Math.min(words.length, 65_535)
  }

  #note(term: number): void {
    if (this.#termCount === this.#terms.length) this.#terms = grow(this.#terms, 2 * this.#termCount)
    this.#terms[this.#termCount++] = term
  }

  #setLength(slot: number, index: number, length: number): void {
    const place = slot * fields.length + index
    this.#totals[index] = (this.#totals[index] as number) + length - (this.#lengths[place] as number)
    this.#lengths[place] = length
  }

  #findDilutions(): void {
    for (const [index, { dilution }] of fields.entries()) {
      const total = this.#totals[index] as number
      this.#dilutions[index] = total === 0 ? 0 : (dilution * this.#size) / total
    }
  }

  #reserve(slot: number): void {
    this.#slots = Math.max(this.#slots, slot + 1)
    if (slot < this.#capacity) return
    const capacity = Math.ceil(slot * 1.4) + 64
    this.#capacity = capacity
    const lengths = new Uint16Array(capacity * fields.length)
    lengths.set(this.#lengths)
    this.#lengths = lengths
    if (capacity >= leastSkills) this.#board ??= ScoreBoard.create(greatestShare)
    if (this.#board === null) this.#scores = new Float32Array(capacity)
    else this.#board.reserve(capacity)
  }
}
