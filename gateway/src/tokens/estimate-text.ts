/** Classes of UTF-16 code units that cost about the same. */
const letter = 0
const digit = 1
const blank = 2
const lineBreak = 3
const mark = 4
const latin = 5

/** Tokens per code unit beyond ASCII and Latin letters: ranges in ascending order, each up to its `end`. */
const scripts: readonly (readonly [end: number, tokens: number])[] = [
  [0x0400, 0.42], // Greek
  [0x0530, 0.36], // Cyrillic
  [0x0900, 0.5], // Armenian, Hebrew, Arabic
  [0x0e00, 0.55], // Indic
  [0x1100, 0.6], // Thai, Lao, Tibetan, Georgian
  [0x1200, 1], // Jamo
  [0x2000, 0.8],
  [0x2070, 0.8], // general punctuation
  [0x2e80, 1.2], // symbols, arrows, box drawing
  [0x3040, 0.9], // CJK punctuation
  [0x3100, 0.8], // kana
  [0xa000, 0.95], // CJK
  [0xac00, 1.2],
  [0xd7b0, 0.75], // Hangul
  [0xe000, 1.4], // half a surrogate pair: emoji and rare scripts
  [0x10000, 1.2],
]

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => {
  if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122)) return letter
  if (code >= 48 && code <= 57) return digit
  if (code === 10 || code === 13) return lineBreak
  return code <= 32 ? blank : mark
})

/**
 * About how many tokens a text has, from the lengths of its words and the scripts it is written in. Calibrated
 * against OpenAI's o200k_base so as to err upwards; the tests say how far.
 */
export function estimateText(text: string): number {
  let tokens = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const kind = classOf(code)
    if (kind === null) {
      tokens += scriptTokens(code)
      at += 1
    } else if (kind === letter || kind === latin) {
      const end = endOfWord(text, at)
      tokens += wordTokens(end - at) + unusualTokens(text, at, end)
      at = end
    } else {
      const end = endOfRun(text, at, kind)
      tokens += runTokens(kind, end - at, classOf(text.charCodeAt(end)) === digit)
      at = end
    }
  }
  return Math.ceil(tokens)
}

/** Null for what is counted unit by unit, and behind the end of a text. */
function classOf(code: number): number | null {
  if (code < 128) return asciiClasses[code] ?? mark
  return code >= 0xc0 && code < 0x250 ? latin : null
}

/** Words go on through accented letters and end before a capital (`camelCase`). */
function endOfWord(text: string, start: number): number {
  let previous = text.charCodeAt(start)
  let end = start + 1
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    const kind = classOf(code)
    if (kind !== letter && kind !== latin) break
    if (isCapital(code) && !isCapital(previous)) break
    previous = code
  }
  return end
}

function endOfRun(text: string, start: number, kind: number): number {
  let end = start + 1
  while (end < text.length && classOf(text.charCodeAt(end)) === kind) end += 1
  return end
}

/** Common words are one token; longer ones are put together, and what is no word at all costs most. */
function wordTokens(length: number): number {
  if (length <= 6) return 1.05
  return length <= 14 ? 1.05 + (length - 6) * 0.14 : 2.2 + (length - 14) * 0.55
}

/** What accents, and capitals behind the first letter, add to a word. */
function unusualTokens(text: string, start: number, end: number): number {
  let tokens = 0
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code >= 0x100) tokens += 1
    else if (code >= 128) tokens += 0.3
    else if (at > start && isCapital(code)) tokens += 0.5
  }
  return tokens
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90
}

/** A blank or mark usually belongs to the word behind it, but never to a number. */
function runTokens(kind: number, length: number, beforeDigit: boolean): number {
  switch (kind) {
    case digit:
      return Math.ceil(length / 3)
    case blank:
      return length === 1 ? (beforeDigit ? 1 : 0.05) : 1 + length / 64
    case lineBreak:
      return 0.7 + length / 8
    default:
      return (beforeDigit ? 0.6 : 0.4) + length * 0.45
  }
}

function scriptTokens(code: number): number {
  for (const [end, tokens] of scripts) if (code < end) return tokens
  return 1
}
