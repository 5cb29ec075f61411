const word = /[\p{L}\p{N}\p{M}]+/gu
const caseBoundary = /(\p{Ll}|\p{N})(?=\p{Lu})|\p{Lu}(?=\p{Lu}\p{Ll})/gu
const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g
/** Runs of scripts that are written without spaces between words, or of anything else. */
const unspacedScripts =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'
const scriptRun = new RegExp(`(?<unspaced>[${unspacedScripts}]+)|[^${unspacedScripts}]+`, 'gu')
const longestWord = 40

/**
 * The words of a text in order: compatibility forms folded, lower case, `camelCase`, `snake_case` and
 * `HTTPServer` taken apart, text without spaces between words as overlapping pairs of characters. A word
 * is cut after 40 characters, so that a blob of base64 costs no more than a word.
 */
export function tokenise(text: string): string[] {
  const words: string[] = []
  for (let start = 0; start < text.length; ) {
    const end = findSpace(text, start)
    if (isPlain(text, start, end)) pushPlain(text, start, end, words)
    else pushUnicode(text.slice(start, end), words)
    start = end + 1
  }
  return words
}

/** Where the next blank of ASCII stands: what lies between two is read in one of two ways. */
function findSpace(text: string, from: number): number {
  let index = from
  while (index < text.length && text.charCodeAt(index) > space) index++
  return index
}

function isPlain(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code > 127 && !isPunctuation(code)) return false
  }
  return true
}

/** The fast path, for ASCII and common punctuation. */
function pushPlain(text: string, from: number, end: number, words: string[]): void {
  let start = from
  for (let index = from; index <= end; index++) {
    const kind = index < end ? (kinds[text.charCodeAt(index)] ?? other) : other
    if (kind !== other && !(index > start && isCaseBoundary(text, index, kind))) continue
    if (index > start) words.push(text.slice(start, Math.min(index, start + longestWord)).toLowerCase())
    start = kind === other ? index + 1 : index
  }
}

const space = 32
const other = 0
const lower = 1
const upper = 2
const digit = 3
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[a-z]/.test(character)) return lower
  if (/[A-Z]/.test(character)) return upper
  return /[0-9]/.test(character) ? digit : other
})

/** Dashes, quotes, bullets, arrows and boxes of well-set text, which would else cost it the fast path. */
function isPunctuation(code: number): boolean {
  return (
    (code >= 0x2010 && code <= 0x2027) || (code >= 0x2190 && code <= 0x2bff) || code === 0xa0 || code === 0xb7
  )
}

/** Whether a new word begins with the capital at `index`: after a small letter or digit, or before one. */
function isCaseBoundary(text: string, index: number, kind: number): boolean {
  if (kind !== upper) return false
  const before = kinds[text.charCodeAt(index - 1)]
  return before !== upper || kinds[text.charCodeAt(index + 1)] === lower
}

function pushUnicode(text: string, words: string[]): void {
  const plain = text.replace(invisible, '').normalize('NFKC').replace(caseBoundary, '$& ').toLowerCase()
  for (const [found] of plain.matchAll(word)) {
    for (const run of found.matchAll(scriptRun)) {
      if (run.groups?.['unspaced'] !== undefined) pushPairs(run[0], words)
      else words.push(run[0].slice(0, longestWord))
    }
  }
}

function pushPairs(run: string, words: string[]): void {
  const characters = [...run]
  if (characters.length === 1) words.push(run)
  for (let index = 0; index + 1 < characters.length; index++) {
    words.push(`${characters[index]}${characters[index + 1]}`)
  }
}
