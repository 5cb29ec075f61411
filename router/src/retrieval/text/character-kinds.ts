/** Characters that are taken out of words. */
export const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g
/** Scripts that are written without spaces between words. */
export const unspacedScripts =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'

export const lower = 1
const digit = 2
/** Letters without capitals. */
export const caseless = 3
export const upper = 4
export const other = 5
/** Of scripts that are written without spaces. */
export const unspaced = 6
/** What folding changes, or reads together with its neighbours. */
export const foreign = 7
/** By code unit, as far as it was asked for. */
const kinds = new Uint8Array(2 ** 16)
/** By code unit, of letters and digits that were asked for, how they stand in a word. */
export const smalls = new Uint16Array(2 ** 16)

/** How a UTF-16 code unit is read. */
export function kindOf(code: number): number {
  return (kinds[code] as number) || classify(code)
}

function classify(code: number): number {
  const character = String.fromCharCode(code)
  const kind = kindOfCharacter(character)
  kinds[code] = kind
  smalls[code] = character.toLowerCase().charCodeAt(0)
  return kind
}

const letterOrDigit = /[\p{L}\p{N}\p{M}]/u
/** What joins the character before it when text is normalised: marks, vowels and final consonants of Hangul. */
const joining = /[\p{M}\u1160-\u11ff]/u
const unspacedCharacter = new RegExp(`[${unspacedScripts}]`, 'u')

function kindOfCharacter(character: string): number {
  if (character.search(invisible) >= 0 || joining.test(character) || /\p{Cs}/u.test(character)) return foreign
  const folded = character.normalize('NFKC')
  if (!letterOrDigit.test(folded)) return other
  if (folded !== character) return foreign
  const small = character.toLowerCase()
  if (/\p{Lu}/u.test(character)) return small.length === 1 && small !== finalSigma ? upper : foreign
  if (small !== character) return foreign
  if (unspacedCharacter.test(character)) return unspaced
  if (/\p{Ll}/u.test(character)) return lower
  return /\p{N}/u.test(character) ? digit : caseless
}

/** A capital sigma becomes one of two letters, by its place in the word. */
const finalSigma = 'σ'

/** Dashes, quotes, bullets, arrows and boxes of well-set text, which would else cost it the fast path. */
export function isPunctuation(code: number): boolean {
  return (
    (code >= 0x2010 && code <= 0x2027) || (code >= 0x2190 && code <= 0x2bff) || code === 0xa0 || code === 0xb7
  )
}

/** Either half of an emoji or another picture: no letter, digit or mark is among them, and nothing that folding changes. */
export function isPictograph(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  const isSecond = code >= 0xdc00 && code <= 0xdfff
  const codePoint = text.codePointAt(isSecond ? index - 1 : index) ?? 0
  return codePoint >= 0x1f300 && codePoint <= 0x1faff
}
