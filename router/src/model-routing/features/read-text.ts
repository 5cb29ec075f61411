import { classAt, letter, space } from './character-class.ts'
import { addByte, addCodePoint, fnvOffset } from './hash-tokens.ts'

const maxTokens = 600

const newline = 10
const blank = 32
const open = 40
const close = 41
const point = 46
/** Within a word no blank was before. */
const nothing = 0

/** What reading a text finds. Overwritten by the next text. */
export interface TextReading {
  /** FNV-1a of the tokens, signed: of runs of letters, and of every other character but blanks. */
  readonly hashes: Int32Array
  /** How many of them are in use, 600 at most. */
  tokens: number
  /** What blanks and line feeds separate. */
  words: number
  /** Lines that begin with `a)`, `b.` or `(c)`. */
  options: number
  hasCode: boolean
  /** By code, how often each character of ASCII occurs that is no letter. */
  readonly signs: Uint16Array
}

/** Reads normalised, lower-case texts. One per thread: it writes into its own buffers. */
export class TextReader {
  readonly #reading: TextReading = {
    hashes: new Int32Array(maxTokens),
    signs: new Uint16Array(128),
    ...{ tokens: 0, words: 0, options: 0, hasCode: false },
  }

  /** In one pass: a processor guesses wrong where words end, and would in every other pass again. */
  read(text: string): TextReading {
    const reading = this.#reading
    const { signs } = reading
    signs.fill(0)
    reading.tokens = 0
    reading.words = 0
    reading.options = 0
    reading.hasCode = text.includes('```')
    let before = newline
    let at = 0
    while (at < text.length) {
      const code = text.charCodeAt(at)
      if (code === blank || code === newline) {
        signs[code] = (signs[code] as number) + 1
        if (code === blank && !reading.hasCode) reading.hasCode = endsKeyword(text, at)
        before = code
        at++
        continue
      }
      if (before !== nothing) {
        reading.words++
        if (before === newline && isOption(text, at)) reading.options++
        before = nothing
      }
      at = this.#readToken(text, at)
    }
    return reading
  }

  /** Where the token ends that begins at `start`. */
  #readToken(text: string, start: number): number {
    let at = start
    let code = text.charCodeAt(start)
    let hash = fnvOffset
    // Plain letters are most of most texts.
    while (code >= 97 && code <= 122) {
      hash = addByte(hash, code)
      code = codeAt(text, ++at)
    }
    if (code >= 128) {
      const end = endOfToken(text, start, at)
      hash = addCharacters(hash, text, at, end)
      at = end
      if (classAt(text, start) === space) return end
    } else if (at === start) {
      const { signs } = this.#reading
      signs[code] = (signs[code] as number) + 1
      hash = addByte(hash, code)
      at++
    }
    this.#add(hash)
    return at
  }

  #add(hash: number): void {
    const { hashes, tokens } = this.#reading
    if (tokens === maxTokens) return
    hashes[tokens] = hash
    this.#reading.tokens++
  }
}

/** 0 beyond the end, for reading there makes every read slow from then on. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0
}

/** Where the token ends that began at `start` and has come to `at`, a character beyond ASCII. */
function endOfToken(text: string, start: number, at: number): number {
  let end = at
  while (end < text.length && classAt(text, end) === letter) end += unitsAt(text, end)
  return end === start ? start + unitsAt(text, start) : end
}

function unitsAt(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1
}

function addCharacters(begun: number, text: string, from: number, to: number): number {
  let hash = begun
  for (let at = from; at < to; at += unitsAt(text, at))
    hash = addCodePoint(hash, text.codePointAt(at) as number)
  return hash
}

/** `a)`, `b.` or `(c)` at the beginning of a line. */
function isOption(text: string, at: number): boolean {
  const start = codeAt(text, at) === open ? at + 1 : at
  const name = codeAt(text, start)
  const mark = codeAt(text, start + 1)
  return name >= 97 && name <= 106 && (mark === close || mark === point)
}

/** Whether one of `def`, `function`, `class` and `select` ends at `at`, be it within a word. */
function endsKeyword(text: string, at: number): boolean {
  if (at < 3) return false
  switch (text.charCodeAt(at - 1)) {
    case 102:
      return text.startsWith('def', at - 3)
    case 110:
      return text.charCodeAt(at - 2) === 111 && text.endsWith('function', at)
    case 115:
      return text.charCodeAt(at - 2) === 115 && text.endsWith('class', at)
    case 116:
      return text.charCodeAt(at - 2) === 99 && text.endsWith('select', at)
    default:
      return false
  }
}
