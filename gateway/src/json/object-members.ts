/** Where one member of a JSON object stands in its bytes: `[keyStart, valueEnd)` covers `"key": value`. */
export interface MemberSpan {
  readonly key: string
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

export interface ObjectMembers {
  /** In document order; a duplicated key appears as often as it stands there. */
  readonly members: readonly MemberSpan[]
  /** Deepest nesting, the object itself being 1. */
  readonly depth: number
  /** Whether some object or array holds more than `scanLimits` allow. */
  readonly overfull: boolean
  /** Offset of the closing brace. */
  readonly end: number
}

/** Members of one object and items of one array that a body may hold. */
export const scanLimits = { objectMembers: 10_000, arrayItems: 100_000 } as const

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a
/** Below this a byte loop beats the call into `indexOf`. */
const shortString = 48

/**
 * Finds the top-level members of a JSON object without building it, so that one value can be replaced in the
 * original bytes. Checks structure (brackets, strings, commas), not number or literal syntax. Null when the
 * bytes are not one complete JSON object.
 */
export function scanObject(bytes: Buffer): ObjectMembers | null {
  const scanner = new ObjectScanner(bytes)
  return scanner.scan()
}

class ObjectScanner {
  readonly #bytes: Buffer
  #position = 0
  #depth = 1
  #overfull = false
  /** Separators still allowed in each open object or array, by nesting. */
  readonly #allowance: number[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  scan(): ObjectMembers | null {
    if (this.#next() !== openBrace) return null
    this.#position += 1
    const members: MemberSpan[] = []
    if (this.#next() !== closeBrace) {
      if (!this.#scanMembers(members)) return null
    }
    const end = this.#position
    this.#position += 1
    if (this.#next() !== -1) return null
    const overfull = this.#overfull || members.length > scanLimits.objectMembers
    return { members, depth: this.#depth, overfull, end }
  }

  #scanMembers(members: MemberSpan[]): boolean {
    for (;;) {
      if (this.#next() !== quote) return false
      const keyStart = this.#position
      if (!this.#skipString()) return false
      const key = decodeKey(this.#bytes, keyStart, this.#position)
      if (this.#next() !== colon) return false
      this.#position += 1
      this.#next()
      const valueStart = this.#position
      if (!this.#skipValue()) return false
      members.push({ key, keyStart, valueStart, valueEnd: this.#position })
      const separator = this.#next()
      if (separator === closeBrace) return true
      if (separator !== comma) return false
      this.#position += 1
    }
  }

  /** Moves to the next byte that is not white space and returns it, -1 at the end. */
  #next(): number {
    const bytes = this.#bytes
    while (this.#position < bytes.length) {
      const byte = bytes[this.#position] as number
      if (byte > 0x20) return byte
      this.#position += 1
    }
    return -1
  }

  #skipValue(): boolean {
    const byte = this.#bytes[this.#position]
    if (byte === quote) return this.#skipString()
    if (byte === openBrace || byte === openBracket) return this.#skipNested()
    return this.#skipLiteral()
  }

  #skipLiteral(): boolean {
    const bytes = this.#bytes
    const start = this.#position
    while (this.#position < bytes.length && !endsLiteral(bytes[this.#position] as number)) this.#position += 1
    return this.#position > start
  }

  #skipNested(): boolean {
    const bytes = this.#bytes
    let open = 0
    while (this.#position < bytes.length) {
      const byte = bytes[this.#position] as number
      if (byte === quote) {
        if (!this.#skipString()) return false
        continue
      }
      this.#position += 1
      if (byte === openBrace || byte === openBracket) {
        open += 1
        this.#enter(open, byte === openBrace ? scanLimits.objectMembers : scanLimits.arrayItems)
      } else if (byte === closeBrace || byte === closeBracket) {
        open -= 1
        if (open === 0) return true
      } else if (byte === comma) {
        this.#countSeparator(open)
      }
    }
    return false
  }

  #enter(open: number, allowance: number): void {
    if (open + 1 > this.#depth) this.#depth = open + 1
    this.#allowance[open] = allowance
  }

  #countSeparator(open: number): void {
    const left = (this.#allowance[open] ?? 0) - 1
    this.#allowance[open] = left
    if (left === 0) this.#overfull = true
  }

  /** From the opening quote to just behind the closing one. */
  #skipString(): boolean {
    const bytes = this.#bytes
    const loopEnd = Math.min(bytes.length, this.#position + shortString)
    let index = this.#position + 1
    while (index < loopEnd) {
      const byte = bytes[index] as number
      if (byte === quote) {
        this.#position = index + 1
        return true
      }
      index += byte === backslash ? 2 : 1
    }
    return this.#skipLongString(index)
  }

  #skipLongString(from: number): boolean {
    let searchFrom = from
    for (;;) {
      const found = this.#bytes.indexOf(quote, searchFrom)
      if (found === -1) return false
      if (!isEscaped(this.#bytes, found, from)) {
        this.#position = found + 1
        return true
      }
      searchFrom = found + 1
    }
  }
}

function endsLiteral(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20
}

function isEscaped(bytes: Buffer, position: number, floor: number): boolean {
  let index = position - 1
  while (index >= floor && bytes[index] === backslash) index -= 1
  return (position - 1 - index) % 2 === 1
}

function decodeKey(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start + 1, end - 1)
  if (!text.includes('\\') && isAscii(text)) return text
  try {
    return String(JSON.parse(bytes.toString('utf8', start, end)))
  } catch {
    return text
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
