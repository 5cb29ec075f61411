import { grow, hashCodes, spell, type WordBuffer } from './word-buffer.ts'

/** Numbers words from 0 in the order they are added. A hash table with linear probing, over code units. */
export class WordTable {
  /** 0 for an empty place, else a word's number and 1. */
  #places = new Int32Array(1024)
  #hashes = new Int32Array(512)
  /** Word `number` ends ahead of `ends[number]` and begins where the one before ends. */
  #ends = new Int32Array(512)
  #codes = new Uint16Array(4096)
  #length = 0
  size = 0

  /** The number of a word, -1 when it is not there. */
  find(codes: Uint16Array, start: number, end: number, hash: number): number {
    const mask = this.#places.length - 1
    for (let place = spread(hash) & mask; ; place = (place + 1) & mask) {
      const found = (this.#places[place] as number) - 1
      if (found < 0) return -1
      if (this.#hashes[found] === hash && this.#equals(found, codes, start, end)) return found
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
    for (let index = start; index < end; index++) this.#codes[this.#length++] = codes[index] as number
    this.#ends[number] = this.#length
    this.#hashes[number] = hashCodes(codes, start, end)
    this.#place(number)
    return number
  }

  wordOf(number: number): string {
    return spell(this.#codes, this.#startOf(number), this.#ends[number] as number)
  }

  clear(): void {
    this.#places.fill(0)
    this.#length = 0
    this.size = 0
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : (this.#ends[number - 1] as number)
  }

  #equals(number: number, codes: Uint16Array, start: number, end: number): boolean {
    const from = this.#startOf(number)
    if ((this.#ends[number] as number) - from !== end - start) return false
    for (let index = 0; index < end - start; index++) {
      if (this.#codes[from + index] !== codes[start + index]) return false
    }
    return true
  }

  #place(number: number): void {
    const mask = this.#places.length - 1
    let place = spread(this.#hashes[number] as number) & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = number + 1
  }

  #reserve(length: number): void {
    if (this.size === this.#ends.length) {
      this.#ends = grow(this.#ends, 2 * this.size)
      this.#hashes = grow(this.#hashes, 2 * this.size)
    }
    if (this.#length + length > this.#codes.length) {
      const codes = new Uint16Array(2 * (this.#length + length))
      codes.set(this.#codes)
      this.#codes = codes
    }
    if (2 * this.size < this.#places.length) return
    this.#places = new Int32Array(2 * this.#places.length)
    for (let number = 0; number < this.size; number++) this.#place(number)
  }
}

/** FNV-1a varies least in its low bits, which choose the place. */
const spread = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8
