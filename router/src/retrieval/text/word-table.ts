import { grow, hashCodes, spell, type WordBuffer } from './word-buffer.ts'

/** Of an entry: the hash, the word's number and 1 (0 in an empty entry), where it begins and how long it is. */
const entrySize = 4

/**
 * Numbers words from 0 in the order they are added. A hash table with linear probing over code units; all there is to
 * know of a word stands together, because what a look-up costs is memory that is far away.
 */
export class WordTable {
  #entries = new Int32Array(entrySize * 1024)
  /** Word `number` ends ahead of `ends[number]` and begins where the one before ends. */
  #ends = new Int32Array(512)
  #codes = new Uint16Array(4096)
  #length = 0
  size = 0
  /** What `fetch` came across. It says nothing, but what nobody could see would not be read. */
  seen = 0

  /**
   * Brings the entries of these words into the cache, many at a time: looked up one by one each waits for memory that is
   * far away.
   */
  fetch({ hashes, count }: WordBuffer): void {
    const entries = this.#entries
    const codes = this.#codes
    const mask = entries.length / entrySize - 1
    let seen = 0
    for (let index = 0; index < count; index++)
      seen |= entries[entrySize * (spread(hashes[index] as number) & mask)] as number
    for (let index = 0; index < count; index++)
      seen |= codes[entries[entrySize * (spread(hashes[index] as number) & mask) + 2] as number] as number
    this.seen = seen
  }

  /** The number of a word, -1 when it is not there. */
  find(codes: Uint16Array, start: number, end: number, hash: number): number {
    const entries = this.#entries
    const mask = entries.length / entrySize - 1
    for (let place = spread(hash) & mask; ; place = (place + 1) & mask) {
      const at = place * entrySize
      const found = (entries[at + 1] as number) - 1
      if (found < 0) return -1
      if (entries[at] !== hash || entries[at + 3] !== end - start) continue
      if (this.#equals(entries[at + 2] as number, codes, start, end)) return found
    }
  }

  findIn(words: WordBuffer, index: number): number {
    return this.find(
      words.codes,
      words.startOf(index),
      words.ends[index] as number,
      words.hashes[index] as number,
    )
  }

  /** The number of a word, a new one when it is not there. */
  add(words: WordBuffer, index: number): number {
    const found = this.findIn(words, index)
    return found >= 0 ? found : this.addNew(words.codes, words.startOf(index), words.ends[index] as number)
  }

  /** Adds a word that is known not to be there. */
  addNew(codes: Uint16Array, start: number, end: number): number {
    this.#reserve(end - start)
    const number = this.size++
    this.#place(hashCodes(codes, start, end), number, this.#length, end - start)
    for (let index = start; index < end; index++) this.#codes[this.#length++] = codes[index] as number
    this.#ends[number] = this.#length
    return number
  }

  wordOf(number: number): string {
    const start = number === 0 ? 0 : (this.#ends[number - 1] as number)
    return spell(this.#codes, start, this.#ends[number] as number)
  }

  clear(): void {
    this.#entries.fill(0)
    this.#length = 0
    this.size = 0
  }

  #equals(from: number, codes: Uint16Array, start: number, end: number): boolean {
    const known = this.#codes
    for (let index = 0; index < end - start; index++) {
      if (known[from + index] !== codes[start + index]) return false
    }
    return true
  }

  #place(hash: number, number: number, start: number, length: number): void {
    const entries = this.#entries
    const mask = entries.length / entrySize - 1
    let place = spread(hash) & mask
    while (entries[place * entrySize + 1] !== 0) place = (place + 1) & mask
    const at = place * entrySize
    entries[at] = hash
    entries[at + 1] = number + 1
    entries[at + 2] = start
    entries[at + 3] = length
  }

  #reserve(length: number): void {
    if (this.size === this.#ends.length) this.#ends = grow(this.#ends, 2 * this.size)
    if (this.#length + length > this.#codes.length) {
      const codes = new Uint16Array(2 * (this.#length + length))
      codes.set(this.#codes)
      this.#codes = codes
    }
    if (2 * entrySize * this.size < this.#entries.length) return
    const before = this.#entries
    this.#entries = new Int32Array(2 * before.length)
    for (let at = 0; at < before.length; at += entrySize) {
      const number = (before[at + 1] as number) - 1
      if (number < 0) continue
      this.#place(before[at] as number, number, before[at + 2] as number, before[at + 3] as number)
    }
  }
}

/** FNV-1a varies least in its low bits, which choose the place. */
const spread = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8
