/** More is not asked about, since a guard would ask for minutes. */
const mostPieces = 64

/**
 * The pieces of texts that a guard asks about, each at most `longest` characters; blank texts have none. Errors: throws an Error for more than are asked about.
 */
export function piecesOf(texts: readonly string[], longest: number): readonly string[] {
  const pieces = texts.filter((text) => text.trim() !== '').flatMap((text) => cutText(text, longest))
  if (pieces.length > mostPieces) throw new Error(`more than ${mostPieces} pieces of text to look at`)
  return pieces
}

/** Pieces that make up the text again, cut behind white space where there is some in their last tenth. */
export function cutText(text: string, longest: number): readonly string[] {
  const pieces: string[] = []
  let start = 0
  while (text.length - start > longest) {
    const end = start + longest
    const tail = text.slice(end - Math.ceil(longest / 10), end)
    const space = Math.max(tail.lastIndexOf(' '), tail.lastIndexOf('\n'))
    const cut = space === -1 ? wholeCharacter(text, end) : end - tail.length + space + 1
    pieces.push(text.slice(start, cut))
    start = cut
  }
  if (start < text.length) pieces.push(text.slice(start))
  return pieces
}

/** Never between the two halves of one character. */
function wholeCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at - 1)
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at
}
