import { grow } from '../text/word-buffer.ts'

/** Postings a page holds. Pages never move, so that growing copies one list and not all. */
const pageBits = 16
const pageSize = 1 << pageBits
const pageMask = pageSize - 1
/** Postings a list has room for while it shares a page; of longer ones each has a page of its own. */
const sizes: readonly number[] = listSizes(pageSize / 4)
/** How much longer a page of one list becomes. */
const pageGrowth = 1.12
/** Of a term: where its list begins, how many postings it has, and 1 more than its size class. */
const entrySize = 3
const nowhere = -1

/**
 * The skills that hold each term, by rising slot, each with how often the term stands in each field. Lists lie behind
 * one another as pairs of a slot and its packed counts: most terms are rare, and an array costs more than they.
 */
export class PostingLists {
  readonly #pages: Int32Array[] = []
  #entries = new Int32Array(entrySize * 512)
  /** By size class, where the list begins that was given up last; its first number says where the one before does. */
  readonly #free = new Int32Array(sizes.length).fill(nowhere)
  /** The page that new lists are put into, and what of it is taken. */
  #page = -1
  #taken = pageSize
  /** What `fetchEnds` came across. It says nothing, but what nobody could see would not be read. */
  seen = 0

  /** How many skills hold a term. */
  lengthOf(term: number): number {
    return this.#entries[entrySize * term + 1] ?? 0
  }

  /** The page with the list of a term, which holds one; valid until the next edit. */
  pageOf(term: number): Int32Array {
    return this.#pages[(this.#entries[entrySize * term] as number) >>> pageBits] as Int32Array
  }

  /** Where in `pageOf` the first slot stands. */
  startOf(term: number): number {
    return 2 * ((this.#entries[entrySize * term] as number) & pageMask)
  }

  /** Brings the ends of these lists, which most postings are put behind, into the cache, many at a time. */
  fetchEnds(terms: Int32Array): void {
    const entries = this.#entries
    let seen = 0
    for (let index = 0; index < terms.length; index++)
      seen |= entries[entrySize * (terms[index] as number) + 1] as number
    for (let index = 0; index < terms.length; index++) {
      const entry = entrySize * (terms[index] as number)
      const place = entries[entry] as number
      const length = entries[entry + 1] as number
      // A number below 0 is looked up by its name, which takes as long as putting a posting where it belongs.
      if (length > 0)
        seen |= (this.#pages[place >>> pageBits] as Int32Array)[
          2 * ((place & pageMask) + length) - 2
        ] as number
    }
    this.seen = seen
  }

  put(term: number, slot: number, counts: number): void {
    this.#reserve(term)
    const length = this.lengthOf(term)
    const isLast = length === 0 || (this.pageOf(term)[this.startOf(term) + 2 * length - 2] as number) < slot
    const found = isLast ? ~length : this.find(term, slot)
    const place = found < 0 ? ~found : found
    if (found < 0) this.#openGap(term, place, length)
    const page = this.pageOf(term)
    const at = this.startOf(term) + 2 * place
    page[at] = slot
    page[at + 1] = counts
  }

  /**
   * Puts the pairs `start` to `end` of `postings` behind those of a term. Their slots rise, and are greater than any
   * there.
   */
  append(term: number, postings: Int32Array, start: number, end: number): void {
    this.#reserve(term)
    const length = this.lengthOf(term)
    const needed = length + end - start
    if (needed > this.#roomOf(term)) this.#enlarge(term, length, needed)
    const page = this.pageOf(term)
    let at = this.startOf(term) + 2 * length
    for (let from = 2 * start; from < 2 * end; from++) page[at++] = postings[from] as number
    this.#entries[entrySize * term + 1] = needed
  }

  delete(term: number, slot: number): void {
    const found = this.find(term, slot)
    if (found < 0) return
    const start = this.startOf(term)
    const length = this.lengthOf(term)
    this.pageOf(term).copyWithin(start + 2 * found, start + 2 * found + 2, start + 2 * length)
    this.#entries[entrySize * term + 1] = length - 1
  }

  /** Which posting of a term is that of `slot`, or else the complement of which it would be. */
  find(term: number, slot: number): number {
    let low = 0
    let high = this.lengthOf(term) - 1
    if (high < 0) return ~0
    const page = this.pageOf(term)
    const start = this.startOf(term)
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = page[start + 2 * middle] as number
      if (found === slot) return middle
      if (found < slot) low = middle + 1
      else high = middle - 1
    }
    return ~low
  }

  /** Which posting of a term is that of each of `slots`, below 0 where there is none. */
  findEach(term: number, slots: Int32Array, into: Int32Array): void {
    const page = this.pageOf(term)
    const start = this.startOf(term)
    const length = this.lengthOf(term)
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number
      let at = start
      // Without a branch that a processor would guess wrong half the time: the mask is all ones when it goes on.
      for (let left = length; left > 1; ) {
        const half = left >>> 1
        at += (2 * half) & (((page[at + 2 * half] as number) - slot - 1) >> 31)
        left -= half
      }
      into[index] = page[at] === slot ? (at - start) >> 1 : -1
    }
  }

  #openGap(term: number, place: number, length: number): void {
    if (length === this.#roomOf(term)) this.#enlarge(term, length, length + 1)
    const at = this.startOf(term) + 2 * place
    if (place < length) this.pageOf(term).copyWithin(at + 2, at, at + 2 * (length - place))
    this.#entries[entrySize * term + 1] = length + 1
  }

  #roomOf(term: number): number {
    const size = this.#entries[entrySize * term + 2] as number
    if (size === 0) return 0
    return sizes[size - 1] ?? this.pageOf(term).length / 2
  }

  #enlarge(term: number, length: number, needed: number): void {
    const entry = entrySize * term
    const size = this.#entries[entry + 2] as number
    const before = this.#entries[entry] as number
    if (size > sizes.length) {
      this.#pages[before >>> pageBits] = lengthen(this.pageOf(term), Math.ceil(needed * pageGrowth))
      return
    }
    let wider = size
    while (wider < sizes.length && (sizes[wider] as number) < needed) wider++
    const page = this.#pages[before >>> pageBits]
    const from = 2 * (before & pageMask)
    const place = wider === sizes.length ? this.#addPage(needed) : this.#take(wider)
    const to = 2 * (place & pageMask)
    const widerPage = this.#pages[place >>> pageBits] as Int32Array
    if (page !== undefined)
      for (let at = 0; at < 2 * length; at++) widerPage[to + at] = page[from + at] as number
    if (size > 0) this.#giveUp(before, size - 1)
    this.#entries[entry] = place
    this.#entries[entry + 2] = wider + 1
  }

  /** Where there is room for a list of this size class. */
  #take(size: number): number {
    const free = this.#free[size] as number
    if (free !== nowhere) {
      this.#free[size] = (this.#pages[free >>> pageBits] as Int32Array)[2 * (free & pageMask)] as number
      return free
    }
    const room = sizes[size] as number
    if (this.#taken + room > pageSize) this.#openPage()
    this.#taken += room
    return this.#page * pageSize + this.#taken - room
  }

  /** Gives what is left of the page to shorter lists. */
  #openPage(): void {
    for (let size = sizes.length - 1; size >= 0; size--) {
      for (const room = sizes[size] as number; this.#taken + room <= pageSize; this.#taken += room)
        this.#giveUp(this.#page * pageSize + this.#taken, size)
    }
    this.#page = this.#pages.push(new Int32Array(2 * pageSize)) - 1
    this.#taken = 0
  }

  #addPage(needed: number): number {
    return (this.#pages.push(new Int32Array(2 * Math.ceil(needed * pageGrowth))) - 1) * pageSize
  }

  #giveUp(place: number, size: number): void {
    const page = this.#pages[place >>> pageBits] as Int32Array
    page[2 * (place & pageMask)] = this.#free[size] as number
    this.#free[size] = place
  }

  #reserve(term: number): void {
    const needed = entrySize * (term + 1)
    if (needed > this.#entries.length) this.#entries = grow(this.#entries, 2 * needed)
  }
}

function lengthen(page: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(2 * length)
  longer.set(page)
  return longer
}

/** Each a quarter more than the one before, so that lists leave an eighth of their room empty. */
function listSizes(most: number): number[] {
  const found: number[] = []
  for (let size = 1; size <= most; size = Math.max(size + 1, Math.floor(size * 1.25))) found.push(size)
  return found
}
