/** Octets a UTF-16 unit takes at most in UTF-8. */
const worstOctets = 3
/** Octets of the longest number that is written digit by digit, and of what follows it. */
const numberOctets = 17
const zero = 0x30
const quote = 0x22
/** 0 for letters, digits and the signs that stand in names: what JSON has as it is, in one octet each. */
const oddOctets = Uint8Array.from({ length: 256 }, (_, code) =>
  /[\w.:/-]/.test(String.fromCharCode(code)) ? 0 : 1,
)
const million = 1_000_000

/**
 * JSON text written as octets into one buffer that is used again and again. A line of dozens of members, most of which are
 * octets known before or small numbers, costs less than half of what it takes to build an array of them, serialise it and
 * encode the text, and leaves nothing to collect.
 */
export class LineWriter {
  #octets: Buffer
  #length = 0

  /** @param size octets to begin with; it grows where they are too few */
  constructor(size: number) {
    this.#octets = Buffer.allocUnsafeSlow(size)
  }

  /** All that was written since the last `clear`; good until something else is written. */
  get written(): Buffer {
    return this.#octets.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  addText(text: string): void {
    this.#reserve(text.length * worstOctets)
    this.#length += this.#octets.write(text, this.#length)
  }

  /** A string in quotes. False, and nothing written, for one that JSON or UTF-8 may have otherwise than letter by letter. */
  addPlain(text: string): boolean {
    const { length } = text
    this.#reserve(length + 2)
    const octets = this.#octets
    const from = this.#length
    let at = from + 1
    let odd = 0
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index)
      odd |= (oddOctets[code & 0xff] ?? 1) | (code >> 8)
      octets[at] = code
      at += 1
    }
    if (odd !== 0) return false
    octets[from] = quote
    octets[at] = quote
    this.#length = at + 1
    return true
  }

  addOctets(octets: Uint8Array): void {
    this.#reserve(octets.length)
    this.#octets.set(octets, this.#length)
    this.#length += octets.length
  }

  addOctet(octet: number): void {
    this.#reserve(1)
    this.#octets[this.#length] = octet
    this.#length += 1
  }

  /** A number as JSON has it, and one octet behind it. */
  addNumber(value: number, end: number): void {
    this.#reserve(numberOctets)
    // Most are single digits.
    if (value >= 0 && value < 10 && Number.isInteger(value)) {
      this.#octets[this.#length] = zero + value
      this.#octets[this.#length + 1] = end
      this.#length += 2
      return
    }
    if (Number.isSafeInteger(value) && value >= 0) this.#addWhole(value)
    else this.addText(JSON.stringify(value))
    this.addOctet(end)
  }

  #addWhole(value: number): void {
    if (value < million) {
      this.#addDigits(value, countDigits(value))
      return
    }
    const high = Math.floor(value / million)
    this.#addWhole(high)
    this.#addDigits(value - high * million, 6)
  }

  #addDigits(value: number, count: number): void {
    const octets = this.#octets
    let rest = value
    for (let at = this.#length + count - 1; at >= this.#length; at -= 1) {
      const tenth = (rest / 10) | 0
      octets[at] = zero + rest - tenth * 10
      rest = tenth
    }
    this.#length += count
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#octets.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#octets.length * 2))
    this.#octets.copy(larger, 0, 0, this.#length)
    this.#octets = larger
  }
}

/** Of a number below a million. */
function countDigits(value: number): number {
  if (value < 10) return 1
  if (value < 100) return 2
  if (value < 1_000) return 3
  if (value < 10_000) return 4
  return value < 100_000 ? 5 : 6
}
