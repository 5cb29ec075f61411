import { grow } from './text/word-buffer.ts'

/** Of a slot: where its list begins, and how long it is. */
const entrySize = 2
const growth = 1.4

/**
 * A list of numbers for each slot. They lie in one array: lists of their own would be far from one another, and a request
 * looks at a hundred of them.
 */
export class NumberLists {
  #entries = new Int32Array(entrySize * 64)
  #length = 0
  /** Numbers of no list any more. */
  #dropped = 0
  /** All lists; another array after `put`. */
  numbers = new Int32Array(512)

  put(slot: number, list: ArrayLike<number>): void {
    const entry = entrySize * slot
    if (entry >= this.#entries.length) this.#entries = grow(this.#entries, 2 * entry)
    const before = this.countOf(slot)
    const fits = list.length <= before
    this.#dropped += fits ? before - list.length : before
    if (!fits) this.#entries[entry] = this.#append(list.length)
    this.#entries[entry + 1] = list.length
    this.numbers.set(list, this.startOf(slot))
    if (2 * this.#dropped > this.#length) this.#compact()
  }

  /** How many numbers a slot has; 0 where nothing was put. */
  countOf(slot: number): number {
    return this.#entries[entrySize * slot + 1] ?? 0
  }

  /** Where in `numbers` the list of a slot begins. */
  startOf(slot: number): number {
    return this.#entries[entrySize * slot] ?? 0
  }

  #append(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.numbers.length)
      this.numbers = grow(this.numbers, Math.ceil(growth * this.#length))
    return start
  }

  #compact(): void {
    const before = this.numbers
    const kept = this.#length - this.#dropped
    this.numbers = new Int32Array(Math.ceil(growth * kept) + 512)
    this.#length = 0
    this.#dropped = 0
    for (let entry = 0; entry < this.#entries.length; entry += entrySize) {
      const start = this.#entries[entry] as number
      const count = this.#entries[entry + 1] as number
      this.#entries[entry] = this.#length
      this.numbers.set(before.subarray(start, start + count), this.#length)
      this.#length += count
    }
  }
}
