import { MalformedMessage } from './malformed-message.ts'
import { CARRIAGE_RETURN, LINE_FEED, SEMICOLON, VALUE_OCTETS } from './octets.ts'

const SIZE_START = 0
const SIZE = 1
const EXTENSION = 2
const SIZE_END = 3
const DATA = 4
const DATA_RETURN = 5
const DATA_END = 6
const TRAILER_START = 7
const TRAILER = 8
const TRAILER_END = 9
const LAST = 10
const DONE = 11

/** 13 hexadecimal digits are 2⁵² − 1 at most, an exact number. */
const MAX_SIZE_DIGITS = 13
const MAX_EXTENSION_OCTETS = 1024

/**
 * Takes the chunk frame off a body, RFC 9112 §7.1. Works in place: the data of all chunks in one input are
 * moved together inside that input, so that one read is one piece of body. Extensions and trailers are dropped.
 */
export class ChunkedDecoder {
  /** Where the data of the latest `decode` lie in its input; valid also when `decode` threw. */
  dataStart = 0
  dataEnd = 0
  readonly #maxTrailerOctets: number
  #state = SIZE_START
  #remaining = 0
  #sizeDigits = 0
  #extensionOctets = 0
  #trailerOctets = 0

  constructor(maxTrailerOctets: number) {
    this.#maxTrailerOctets = maxTrailerOctets
  }

  get done(): boolean {
    return this.#state === DONE
  }

  reset(): void {
    this.#state = SIZE_START
    this.#remaining = 0
    this.#sizeDigits = 0
    this.#extensionOctets = 0
    this.#trailerOctets = 0
  }

  /**
   * Decodes `input[from, to)` and returns the index after the last octet used.
   *
   * @throws MalformedMessage
   */
  decode(input: Buffer, from: number, to: number): number {
    this.dataStart = from
    this.dataEnd = from
    let at = from
    while (at < to && this.#state !== DONE) {
      if (this.#state === DATA) at = this.#takeData(input, at, to)
      else this.#readOctet(input[at++] ?? 0)
    }
    return at
  }

  #takeData(input: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#remaining)
    if (this.dataEnd === this.dataStart) {
      this.dataStart = at
      this.dataEnd = end
    } else {
      input.copyWithin(this.dataEnd, at, end)
      this.dataEnd += end - at
    }
    this.#remaining -= end - at
    if (this.#remaining === 0) this.#state = DATA_RETURN
    return end
  }

  #readOctet(octet: number): void {
    if (this.#state <= SIZE) this.#readSize(octet)
    else if (this.#state === EXTENSION) this.#skipExtension(octet)
    else if (this.#state === SIZE_END) this.#endSize(octet)
    else if (this.#state === DATA_RETURN) this.#expect(octet, CARRIAGE_RETURN, DATA_END)
    else if (this.#state === DATA_END) this.#expect(octet, LINE_FEED, SIZE_START)
    else this.#skipTrailer(octet)
  }

  #readSize(octet: number): void {
    const digit = hexDigit(octet)
    if (digit >= 0) {
      if (++this.#sizeDigits > MAX_SIZE_DIGITS) refuse()
      this.#remaining = this.#remaining * 16 + digit
      this.#state = SIZE
    } else if (this.#state === SIZE && octet === CARRIAGE_RETURN) {
      this.#state = SIZE_END
    } else if (this.#state === SIZE && octet === SEMICOLON) {
      this.#state = EXTENSION
    } else {
      refuse()
    }
  }

  #skipExtension(octet: number): void {
    if (octet === CARRIAGE_RETURN) this.#state = SIZE_END
    else if (VALUE_OCTETS[octet] !== 1 || ++this.#extensionOctets > MAX_EXTENSION_OCTETS) refuse()
  }

  #endSize(octet: number): void {
    this.#expect(octet, LINE_FEED, this.#remaining === 0 ? TRAILER_START : DATA)
    this.#sizeDigits = 0
    this.#extensionOctets = 0
  }

  #skipTrailer(octet: number): void {
    if (++this.#trailerOctets > this.#maxTrailerOctets) refuse()
    if (this.#state === TRAILER_END) this.#expect(octet, LINE_FEED, TRAILER_START)
    else if (this.#state === LAST) this.#expect(octet, LINE_FEED, DONE)
    else if (octet === CARRIAGE_RETURN) this.#state = this.#state === TRAILER_START ? LAST : TRAILER_END
    else if (VALUE_OCTETS[octet] === 1) this.#state = TRAILER
    else refuse()
  }

  #expect(octet: number, expected: number, next: number): void {
    if (octet !== expected) refuse()
    this.#state = next
  }
}

function refuse(): never {
  throw new MalformedMessage('a malformed chunked body')
}

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const letter = octet | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
