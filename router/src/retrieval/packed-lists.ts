import { grow } from './text/word-buffer.ts'

/** Of a slot: where its bytes begin, and 1 more than how many there are; 0 where there is no list. */
const entrySize = 2
const pageBits = 18
const pageSize = 1 << pageBits
/** Bytes a number takes at most. */
const longestNumber = 5

/**
 * Lists of whole numbers from 0 in little memory, one a slot: the difference of each number from the one before, with its
 * sign in the lowest bit, in groups of seven bits (LEB128). Lists of rising numbers are shortest. They share pages, as an
 * array or a string of its own would take more than most lists.
 */
export class PackedLists {
  /** A list longer than a page has the places of several. */
  #pages: Uint8Array[] = []
  #entries = new Int32Array(entrySize * 64)
  /** In bytes, over all pages. */
  #end = 0
  /** Bytes of no list any more. */
  #dropped = 0
  #bytes = new Uint8Array(longestNumber * 256)

  has(slot: number): boolean {
    return (this.#entries[entrySize * slot + 1] ?? 0) !== 0
  }

  put(slot: number, numbers: Int32Array): void {
    this.delete(slot)
    const entry = entrySize * slot
    if (entry >= this.#entries.length) this.#entries = grow(this.#entries, 2 * entry)
    const length = this.#pack(numbers)
    const start = this.#take(length)
    this.#copy(this.#bytes, 0, length, start)
    this.#entries[entry] = start
    this.#entries[entry + 1] = length + 1
    if (this.#dropped > pageSize && 2 * this.#dropped > this.#end) this.#compact()
  }

  delete(slot: number): void {
    if (!this.has(slot)) return
    this.#dropped += (this.#entries[entrySize * slot + 1] as number) - 1
    this.#entries[entrySize * slot + 1] = 0
  }

  /** The numbers of a slot, none where it has no list. */
  read(slot: number): number[] {
    const numbers: number[] = []
    if (!this.has(slot)) return numbers
    const start = this.#entries[entrySize * slot] as number
    const page = this.#pages[start >>> pageBits] as Uint8Array
    const first = start % pageSize
    const end = first + (this.#entries[entrySize * slot + 1] as number) - 1
    let before = 0
    let left = 0
    let shift = 0
    for (let at = first; at < end; at++) {
      const group = page[at] as number
      left |= (group & 127) << shift
      shift += 7
      if (group > 127) continue
      before += left % 2 === 1 ? -(left + 1) / 2 : left / 2
      numbers.push(before)
      left = 0
      shift = 0
    }
    return numbers
  }

  /** Writes the bytes of a list into `#bytes`; how many there are. */
  #pack(numbers: Int32Array): number {
    if (longestNumber * numbers.length > this.#bytes.length)
      this.#bytes = new Uint8Array(2 * longestNumber * numbers.length)
    const bytes = this.#bytes
    let length = 0
    let before = 0
    for (let index = 0; index < numbers.length; index++) {
      const number = numbers[index] as number
      const difference = number - before
      let left = difference < 0 ? -2 * difference - 1 : 2 * difference
      for (; left > 127; left >>>= 7) bytes[length++] = (left & 127) | 128
      bytes[length++] = left
      before = number
    }
    return length
  }

  /** Room for so many bytes within one page, or in pages of their own; where it begins. */
  #take(length: number): number {
    if (length > pageSize * this.#pages.length - this.#end) {
      this.#leaveRest()
      this.#pages.push(new Uint8Array(Math.max(pageSize, length)))
      for (let more = pageSize; more < length; more += pageSize) this.#pages.push(none)
    }
    const start = this.#end
    this.#end += length
    if (length > pageSize) this.#leaveRest()
    return start
  }

  #leaveRest(): void {
    const rest = pageSize * this.#pages.length - this.#end
    this.#end += rest
    this.#dropped += rest
  }

  #copy(from: Uint8Array, start: number, end: number, to: number): void {
    const page = this.#pages[to >>> pageBits] as Uint8Array
    let at = to % pageSize
    for (let index = start; index < end; index++) page[at++] = from[index] as number
  }

  #compact(): void {
    const pages = this.#pages
    this.#pages = []
    this.#end = 0
    this.#dropped = 0
    for (let entry = 0; entry < this.#entries.length; entry += entrySize) {
      const length = (this.#entries[entry + 1] as number) - 1
      if (length < 0) continue
      const start = this.#entries[entry] as number
      const place = this.#take(length)
      const at = start % pageSize
      this.#copy(pages[start >>> pageBits] as Uint8Array, at, at + length, place)
      this.#entries[entry] = place
    }
  }
}

const none = new Uint8Array(0)
