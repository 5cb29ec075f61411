const word = /[\p{L}\p{N}\p{M}]+/gu
const caseBoundary = /(\p{Ll}|\p{N})(?=\p{Lu})|\p{Lu}(?=\p{Lu}\p{Ll})/gu
const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g
/** Runs of scripts that are written without spaces between words, or of anything else. */
const unspacedScripts =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'
const scriptRun = new RegExp(`(?<unspaced>[${unspacedScripts}]+)|[^${unspacedScripts}]+`, 'gu')
const longestWord = 40

/** Another in every process, so that nobody can write words that all fall into one place of a table. */
const hashSeed = Math.floor(Math.random() * 2 ** 32)

/**
 * The words of a text in order, as code units one behind the other, so that reading allocates nothing: compatibility
 * forms folded, lower case, `camelCase`, `snake_case` and `HTTPServer` taken apart, text without spaces between words
 * as overlapping pairs of characters. A word is cut after 40 characters, so that a blob of base64 costs no more than
 * a word.
 */
export class WordBuffer {
  /** Word `index` ends ahead of `ends[index]` and begins where the one before ends. */
  codes = new Uint16Array(1024)
  ends = new Int32Array(128)
  hashes = new Int32Array(128)
  count = 0
  #length = 0

  /** Replaces what was read before. */
  read(text: string): void {
    this.count = 0
    this.#length = 0
    this.#reserve(text.length)
    let index = 0
    while (index < text.length) {
      const stop = this.#readPlain(text, index)
      if (stop === text.length) return
      const end = findSpace(text, stop)
      this.#readUnicode(text.slice(this.#chunk, end))
      index = end
    }
  }

  startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number)
  }

  wordAt(index: number): string {
    return spell(this.codes, this.startOf(index), this.ends[index] as number)
  }

  /** Where the run of text without blanks began that `#readPlain` could not read. */
  #chunk = 0

  /**
   * The fast path, for ASCII and common punctuation. It stops at the first other character, says where, and takes
   * back what it read since the last blank.
   */
  #readPlain(text: string, from: number): number {
    this.#chunk = from
    let chunkCount = this.count
    let start = this.#length
    let length = start
    let hash = hashSeed
    const { codes } = this
    for (let index = from; index < text.length; index++) {
      const code = text.charCodeAt(index)
      const kind = kindOf(code)
      if (kind === foreign) {
        this.count = chunkCount
        this.#length = this.startOf(chunkCount)
        return index
      }
      if (length > start && (kind === other || isCaseBoundary(text, index, kind))) {
        this.#end(length, hash)
        start = length
        hash = hashSeed
      }
      if (kind === other) {
        if (code > space) continue
        this.#chunk = index + 1
        chunkCount = this.count
      } else if (length - start < longestWord) {
        const small = kind === upper ? code + 32 : code
        codes[length++] = small
        hash = Math.imul(hash ^ small, hashPrime)
      }
    }
    if (length > start) this.#end(length, hash)
    return text.length
  }

  #readUnicode(text: string): void {
    const plain = text.replace(invisible, '').normalize('NFKC').replace(caseBoundary, '$& ').toLowerCase()
    for (const [found] of plain.matchAll(word)) {
      for (const run of found.matchAll(scriptRun)) {
        if (run.groups?.['unspaced'] !== undefined) this.#pushPairs(run[0])
        else this.push(run[0].slice(0, longestWord))
      }
    }
  }

  #pushPairs(run: string): void {
    const characters = [...run]
    if (characters.length === 1) this.push(run)
    for (let index = 0; index + 1 < characters.length; index++) {
      this.push(`${characters[index]}${characters[index + 1]}`)
    }
  }

  /** Adds one word as it is. */
  push(text: string): void {
    this.#reserve(this.#length + text.length)
    for (let index = 0; index < text.length; index++)
      this.codes[this.#length + index] = text.charCodeAt(index)
    const end = this.#length + text.length
    this.#end(end, hashCodes(this.codes, this.#length, end))
  }

  #end(end: number, hash: number): void {
    if (this.count === this.ends.length) {
      this.ends = grow(this.ends, 2 * this.count)
      this.hashes = grow(this.hashes, 2 * this.count)
    }
    this.ends[this.count] = end
    this.hashes[this.count++] = hash
    this.#length = end
  }

  #reserve(length: number): void {
    if (length <= this.codes.length) return
    const codes = new Uint16Array(2 * length)
    codes.set(this.codes)
    this.codes = codes
  }
}

/** The text of these code units. */
export function spell(codes: Uint16Array, start: number, end: number): string {
  let text = ''
  for (let index = start; index < end; index++) text += String.fromCharCode(codes[index] as number)
  return text
}

const hashPrime = 0x01000193

/** FNV-1a over code units. */
export function hashCodes(codes: Uint16Array, start: number, end: number): number {
  let hash = hashSeed
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (codes[index] as number), hashPrime)
  return hash
}

export function grow(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length)
  grown.set(array)
  return grown
}

const space = 32
const other = 0
const lower = 1
const upper = 2
const digit = 3
const foreign = 4
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[a-z]/.test(character)) return lower
  if (/[A-Z]/.test(character)) return upper
  return /[0-9]/.test(character) ? digit : other
})

function kindOf(code: number): number {
  if (code < 128) return kinds[code] as number
  return isPunctuation(code) ? other : foreign
}

/** Dashes, quotes, bullets, arrows and boxes of well-set text, which would else cost it the fast path. */
function isPunctuation(code: number): boolean {
  return (
    (code >= 0x2010 && code <= 0x2027) || (code >= 0x2190 && code <= 0x2bff) || code === 0xa0 || code === 0xb7
  )
}

/** Where the next blank of ASCII stands: what lies between two is read in one of two ways. */
function findSpace(text: string, from: number): number {
  let index = from
  while (index < text.length && text.charCodeAt(index) > space) index++
  return index
}

/** Whether a new word begins with the capital at `index`: after a small letter or digit, or before one. */
function isCaseBoundary(text: string, index: number, kind: number): boolean {
  if (kind !== upper) return false
  const before = kinds[text.charCodeAt(index - 1)]
  return before !== upper || kinds[text.charCodeAt(index + 1)] === lower
}
