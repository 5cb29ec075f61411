import { CHUNKED_BODY, parseRequestHead, type RequestHead, withBodyLength } from './parse-request-head.ts'

const zero = 0x30
const nothing = Buffer.alloc(0)

/**
 * Knows the last head of one connection again: clients send the same head with every request, but for the length of the
 * body. What is known costs two comparisons of octets instead of a walk over every line.
 */
export class HeadMemory {
  /** Octets of the head that was recognised or learned last. */
  size = 0
  #head: RequestHead | null = null
  /** The head's octets, and where in them the digits of the length stand; both at the end where there is no length. */
  #octets = nothing
  #lengthStart = 0
  #lengthEnd = 0

  /** The head that begins at `start`, when it is the last one again; null for every other and for one that is cut. */
  recognise(input: Buffer, start: number): RequestHead | null {
    const known = this.#head
    if (known === null) return null
    const digits = start + this.#lengthStart
    if (!this.#equals(input, start, 0, this.#lengthStart)) return null
    let end = digits
    let length = 0
    if (this.#lengthStart < this.#octets.length) {
      for (let digit = digitAt(input, end); digit !== -1; digit = digitAt(input, end)) {
        length = length * 10 + digit
        end += 1
      }
      // Longer ones are refused by the reader of heads.
      if (end === digits || end - digits > 15) return null
      if (!this.#equals(input, end, this.#lengthEnd, this.#octets.length)) return null
    }
    this.size = end + this.#octets.length - this.#lengthEnd - start
    return length === known.bodyLength ? known : withBodyLength(known, length)
  }

  /** @throws MalformedMessage */
  learn(text: string): RequestHead {
    const head = parseRequestHead(text)
    const { lengthStart, lengthEnd } = head
    this.size = text.length
    // A chunked body has no digits to compare.
    this.#head = head.bodyLength === CHUNKED_BODY ? null : head
    this.#octets = Buffer.from(text, 'latin1')
    this.#lengthStart = lengthEnd === 0 ? text.length : lengthStart
    this.#lengthEnd = lengthEnd === 0 ? text.length : lengthEnd
    return head
  }

  /** Whether the octets from `at` on are those of the head between `from` and `to`. */
  #equals(input: Buffer, at: number, from: number, to: number): boolean {
    const end = at + to - from
    return end <= input.length && this.#octets.compare(input, at, end, from, to) === 0
  }
}

function digitAt(input: Buffer, at: number): number {
  const digit = (input[at] ?? 0) - zero
  return digit >= 0 && digit <= 9 ? digit : -1
}
