import {
  caseless,
  foreign,
  invisible,
  isPictograph,
  isPunctuation,
  kindOf,
  lower,
  other,
  smalls,
  unspaced,
  unspacedScripts,
  upper,
} from './character-kinds.ts'

const word = /[\p{L}\p{N}\p{M}]+/gu
const caseBoundary = /(\p{Ll}|\p{N})(?=\p{Lu})|\p{Lu}(?=\p{Lu}\p{Ll})/gu
/** Runs of scripts that are written without spaces between words, or of anything else. */
const scriptRun = new RegExp(`(?<unspaced>[${unspacedScripts}]+)|[^${unspacedScripts}]+`, 'gu')
/** Words are cut after so many code units. */
export const longestWord = 40

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

  /** Replaces what was read before by the words of `text`, or of its characters `start` to `stop`. */
  read(text: string, start = 0, stop = text.length): void {
    this.count = 0
    this.#length = 0
    let index = start
    while (index < stop) {
      const strange = this.#readPlain(text, index, stop)
      if (strange === stop) return
      const end = findSpace(text, strange, stop)
      const chunk = text.slice(this.#chunk, end)
      if (!this.#readLetters(chunk)) this.#readUnicode(chunk)
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
   * The fast path, for ASCII, common punctuation and emoji. It stops at the first other character, says where, and takes
   * back what it read since the last blank.
   */
  #readPlain(text: string, from: number, to: number): number {
    this.#chunk = from
    // What was read before may be longer than it was written: pairs of characters, compatibility forms.
    this.#reserve(this.#length + to - from)
    let chunkCount = this.count
    let start = this.#length
    let length = start
    let hash = hashSeed
    const { codes } = this
    for (let index = from; index < to; index++) {
      const code = text.charCodeAt(index)
      const kind = plainKindOf(code, text, index)
      // Most characters of most texts: nothing else is asked of them.
      if (kind === lower) {
        if (length - start === longestWord) continue
        codes[length++] = code
        hash = Math.imul(hash ^ code, hashPrime)
        continue
      }
      if (kind === foreign) {
        this.count = chunkCount
        this.#length = this.startOf(chunkCount)
        return index
      }
      if (length > start && endsPlainWord(text, index, to, kind)) {
        this.#end(length, hash)
        start = length
        hash = hashSeed
      }
      if (kind === other) {
        if (code > space) continue
        this.#chunk = index + 1
        chunkCount = this.count
      } else if (length - start < longestWord) {
        const small = smalls[code] as number
        codes[length++] = small
        hash = Math.imul(hash ^ small, hashPrime)
      }
    }
    if (length > start) this.#end(length, hash)
    return to
  }

  /** The same for letters of any script that can be read one by one; reads nothing and says so where there are others. */
  #readLetters(text: string): boolean {
    for (let index = 0; index < text.length; index++)
      if (kindOf(text.charCodeAt(index)) === foreign) return false
    // Each character of a script without spaces stands in two words.
    this.#reserve(this.#length + 2 * text.length)
    const { codes } = this
    let length = this.#length
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      const kind = kindOf(code)
      if (length > this.#length && endsWord(text, index, kind))
        this.#end(length, hashCodes(codes, this.#length, length))
      if (kind === unspaced) {
        index = this.#readRun(text, index) - 1
        length = this.#length
      } else if (kind !== other && length - this.#length < longestWord)
        codes[length++] = smalls[code] as number
    }
    if (length > this.#length) this.#end(length, hashCodes(codes, this.#length, length))
    return true
  }

  /** Reads a run of a script without spaces, and answers where it ends. */
  #readRun(text: string, from: number): number {
    let end = from + 1
    while (end < text.length && kindOf(text.charCodeAt(end)) === unspaced) end++
    if (end === from + 1) this.push(text.charAt(from))
    for (let index = from; index + 1 < end; index++) this.push(text.slice(index, index + 2))
    return end
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

/** The hash of every beginning of the code units from `start` on, written to the place where it ends. */
export function hashBeginnings(codes: Uint16Array, start: number, into: Int32Array): void {
  let hash = hashSeed
  for (let index = start; index < codes.length; index++) {
    hash = Math.imul(hash ^ (codes[index] as number), hashPrime)
    into[index + 1] = hash
  }
}

export function grow(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length)
  grown.set(array)
  return grown
}

const space = 32
const asciiKinds = Uint8Array.from({ length: 128 }, (_, code) => kindOf(code))

/** @param code what stands at `index` of `text` */
function plainKindOf(code: number, text: string, index: number): number {
  if (code < 128) return asciiKinds[code] as number
  return isPunctuation(code) || isPictograph(text, index) ? other : foreign
}

/** Where the next blank of ASCII stands: what lies between two is read in one of two ways. */
function findSpace(text: string, from: number, to: number): number {
  let index = from
  while (index < to && text.charCodeAt(index) > space) index++
  return index
}

/** Whether the word ahead of `index` ends: by what is no letter, or by a capital after a small one or before one. */
function endsPlainWord(text: string, index: number, to: number, kind: number): boolean {
  if (kind !== upper) return kind === other
  const before = asciiKinds[text.charCodeAt(index - 1)]
  return before !== upper || (index + 1 < to && asciiKinds[text.charCodeAt(index + 1)] === lower)
}

/** The same for any letters. */
function endsWord(text: string, index: number, kind: number): boolean {
  if (kind !== upper) return kind === other || kind === unspaced
  const before = kindOf(text.charCodeAt(index - 1))
  if (before !== upper) return before !== caseless
  return index + 1 < text.length && kindOf(text.charCodeAt(index + 1)) === lower
}
