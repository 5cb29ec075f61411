/** Slots of the hashed vector; a power of two, part of the feature specification. */
export const hashedSize = 4096
const maxTokens = 600
const mask = hashedSize - 1
const fnvOffset = 0x811c9dc5
const fnvPrime = 0x01000193
const golden = 0x9e3779b1

const unknown = 0
const letter = 1
const number = 2
const space = 3
const symbol = 4
/** A letter of a script that is written without spaces. */
const single = 5

/** Classes of the basic plane, found out when first met. */
const classes = new Uint8Array(0x1_0000)

/** Signed counts of a text's unigrams and bigrams; the buffers are reused by the next text. */
export interface TokenCounts {
  /** Slots that were touched, each once. */
  readonly slots: Uint16Array
  /** By slot. A slot that was touched may have cancelled out. */
  readonly counts: Int32Array
  size: number
  tokens: number
}

/** Told of the FNV-1a hash of every token. */
export type TokenListener = (hash: number) => void

/**
 * Counts hashed tokens and pairs of neighbours: FNV-1a (Fowler, Noll, Vo) over UTF-8, finished by murmur3's fmix32
 * (Appleby, public domain). The slot is the low 12 bits, the sign the highest. One per thread: it writes into its own buffers.
 */
export class TokenHasher {
  readonly #result: TokenCounts = {
    slots: new Uint16Array(2 * maxTokens),
    counts: new Int32Array(hashedSize),
    size: 0,
    tokens: 0,
  }
  readonly #seen = new Uint8Array(hashedSize)
  #previous = 0

  /** `text` is lower-case already. */
  count(text: string, onToken: TokenListener): TokenCounts {
    this.#reset()
    const { length } = text
    let at = 0
    while (at < length && this.#result.tokens < maxTokens) {
      const kind = classAt(text, at)
      if (kind === space) {
        at++
        continue
      }
      let hash = fnvOffset
      let code = text.charCodeAt(at)
      if (kind === letter)
        // Plain letters are most of most texts.
        while (code >= 97 && code <= 122) {
          hash = Math.imul(hash ^ code, fnvPrime)
          code = text.charCodeAt(++at)
        }
      while (at < length && (hash === fnvOffset || (kind === letter && classAt(text, at) === letter))) {
        code = text.codePointAt(at) as number
        hash = addCodePoint(hash, code)
        at += code > 0xffff ? 2 : 1
      }
      this.#add(hash >>> 0)
      onToken(hash >>> 0)
    }
    return this.#result
  }

  #add(hash: number): void {
    this.#touch(finish(hash))
    if (this.#result.tokens > 0) this.#touch(pairHash(this.#previous, hash))
    this.#previous = hash
    this.#result.tokens++
  }

  #touch(hash: number): void {
    const slot = hash & mask
    const result = this.#result
    if (this.#seen[slot] === 0) {
      this.#seen[slot] = 1
      result.slots[result.size++] = slot
    }
    result.counts[slot] = (result.counts[slot] as number) + (hash < 0 ? 1 : -1)
  }

  #reset(): void {
    const { slots, counts, size } = this.#result
    for (let index = 0; index < size; index++) {
      const slot = slots[index] as number
      counts[slot] = 0
      this.#seen[slot] = 0
    }
    this.#result.size = 0
    this.#result.tokens = 0
  }
}

/** The finished hash of one token, unsigned; for tests and tables of words. */
export function hashToken(token: string): number {
  return finish(fnvOf(token)) >>> 0
}

/** The finished hash of two neighbouring tokens, unsigned. */
export function hashBigram(first: string, second: string): number {
  return pairHash(fnvOf(first), fnvOf(second)) >>> 0
}

/** FNV-1a over UTF-8, unsigned. */
export function fnvOf(token: string): number {
  let hash = fnvOffset
  for (const character of token) hash = addCodePoint(hash, character.codePointAt(0) as number)
  return hash >>> 0
}

function pairHash(first: number, second: number): number {
  return finish(Math.imul(first, golden) ^ second)
}

/** murmur3's finaliser; signed, so that the highest bit is the sign. */
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function addCodePoint(hash: number, code: number): number {
  if (code < 0x80) return addByte(hash, code)
  if (code < 0x800) return addByte(addByte(hash, 0xc0 | (code >> 6)), 0x80 | (code & 63))
  if (code < 0x1_0000) {
    const begun = addByte(addByte(hash, 0xe0 | (code >> 12)), 0x80 | ((code >> 6) & 63))
    return addByte(begun, 0x80 | (code & 63))
  }
  const begun = addByte(addByte(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 63))
  return addByte(addByte(begun, 0x80 | ((code >> 6) & 63)), 0x80 | (code & 63))
}

function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, fnvPrime)
}

function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 32) return space
  // Only a surrogate needs to look at its neighbour.
  if (code >= 0xd800 && code <= 0xdfff) return classify(String.fromCodePoint(text.codePointAt(at) as number))
  const known = classes[code] as number
  if (known !== unknown) return known
  const found = classify(text.charAt(at))
  classes[code] = found
  return found
}

function classify(character: string): number {
  if (/\p{L}/u.test(character))
    return /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}]/u.test(character)
      ? single
      : letter
  if (/\p{N}/u.test(character)) return number
  return /\s/u.test(character) ? space : symbol
}
