/** What a character is to the tokens of a text. */
export const letter = 1
const number = 2
export const space = 3
const symbol = 4
/** A letter of a script that is written without spaces. */
const single = 5

const unknown = 0
/** Classes of the basic plane, found out when first met. */
const classes = new Uint8Array(0x1_0000)

/** The class of the character that begins at `at` of a text that is longer. */
export function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
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
