import { grow } from '../text/word-buffer.ts'
import type { PostingLists } from './posting-lists.ts'

/** Postings that are put into lists together: sorting them takes some milliseconds. */
const mostPostings = 2 ** 17
/** Room that is kept when nothing waits. */
const keptPostings = 2 ** 12
/** Lists that are fetched together, and that take postings for each skill that arrives. */
const listsTogether = 256

/**
 * Postings of new skills on their way into their lists, which lie far from one another: of a few hundred skills those of
 * one term go there together. They are ordered by counting. Lists are long in taking them, so that they go there a few at
 * a time while others arrive.
 */
export class PostingBatch {
  #terms = new Int32Array(keptPostings)
  /** Pairs as in `PostingLists`. */
  #postings = new Int32Array(2 * keptPostings)
  /** The postings that leave, by term. */
  #sorted = new Int32Array(2 * keptPostings)
  /** The terms of those that leave, each once. */
  #distinct = new Int32Array(keptPostings)
  #distinctCount = 0
  /** How many of these terms have left, and where in `#sorted` the postings of the next begin. */
  #left = 0
  #start = 0
  /** By term, how many postings it has, then where they end in `#sorted`; zeros in between. */
  #ends = new Int32Array(0)
  /** Of those that arrived last. */
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0 && !this.#isLeaving
  }

  get #isLeaving(): boolean {
    return this.#left < this.#distinctCount
  }

  /** @param slot greater than any that stands in the list of the term, or that waits */
  add(term: number, slot: number, counts: number): void {
    if (this.#count === this.#terms.length) this.#reserve(2 * this.#count)
    this.#terms[this.#count] = term
    this.#postings[2 * this.#count] = slot
    this.#postings[2 * this.#count + 1] = counts
    this.#count++
  }

  /** Puts some of what waits behind its lists, once that is enough. */
  moveSome(lists: PostingLists): void {
    if (this.#isLeaving) this.#moveTerms(lists)
    else if (this.#count >= mostPostings) this.#sort()
  }

  /** Puts all that waits behind its lists. */
  moveAll(lists: PostingLists): void {
    while (this.#isLeaving) this.#moveTerms(lists)
    this.#sort()
    while (this.#isLeaving) this.#moveTerms(lists)
  }

  #moveTerms(lists: PostingLists): void {
    const first = this.#left
    const some = this.#distinct.subarray(first, Math.min(first + listsTogether, this.#distinctCount))
    lists.fetchEnds(some)
    for (let index = 0; index < some.length; index++) {
      const term = some[index] as number
      const end = this.#ends[term] as number
      lists.append(term, this.#sorted, this.#start, end)
      this.#ends[term] = 0
      this.#start = end
    }
    this.#left = first + some.length
  }

  /** Gives room back that only loading needs. */
  release(): void {
    if (this.#terms.length > keptPostings) this.#reserve(keptPostings)
    this.#sorted = new Int32Array(2 * keptPostings)
    this.#distinct = new Int32Array(keptPostings)
    this.#ends = new Int32Array(0)
  }

  #countTerms(): Int32Array {
    let distinct = 0
    for (let index = 0; index < this.#count; index++) {
      const term = this.#terms[index] as number
      if (term >= this.#ends.length) this.#ends = grow(this.#ends, 2 * term + 1)
      if (this.#ends[term] === 0) this.#distinct[distinct++] = term
      this.#ends[term] = (this.#ends[term] as number) + 1
    }
    return this.#distinct.subarray(0, distinct)
  }

  /** Makes those that arrived leave. */
  #sort(): void {
    if (this.#sorted.length < 2 * this.#terms.length) {
      this.#sorted = new Int32Array(2 * this.#terms.length)
      this.#distinct = new Int32Array(this.#terms.length)
    }
    const terms = this.#countTerms()
    const ends = this.#ends
    let start = 0
    for (let index = 0; index < terms.length; index++) {
      const term = terms[index] as number
      const count = ends[term] as number
      ends[term] = start
      start += count
    }
    for (let index = 0; index < this.#count; index++) {
      const term = this.#terms[index] as number
      const place = ends[term] as number
      ends[term] = place + 1
      this.#sorted[2 * place] = this.#postings[2 * index] as number
      this.#sorted[2 * place + 1] = this.#postings[2 * index + 1] as number
    }
    this.#distinctCount = terms.length
    this.#left = 0
    this.#start = 0
    this.#count = 0
  }

  #reserve(postings: number): void {
    const kept = Math.min(this.#count, postings)
    const terms = new Int32Array(postings)
    terms.set(this.#terms.subarray(0, kept))
    const pairs = new Int32Array(2 * postings)
    pairs.set(this.#postings.subarray(0, 2 * kept))
    this.#terms = terms
    this.#postings = pairs
  }
}
