/** More is not asked about at once, since a guard would ask for minutes. */
const mostGroups = 64

/** The pieces of texts, each at most `longest` characters; blank texts have none. */
export function piecesOf(texts: readonly string[], longest: number): readonly string[] {
  return texts.filter((text) => text.trim() !== '').flatMap((text) => cutText(text, longest))
}

/**
 * Pieces that are asked about together: in their order, `longest` characters a group with `separator` between them. Errors: throws an Error for more groups
 * than are asked about.
 */
export function groupPieces(
  pieces: readonly string[],
  longest: number,
  separator: string,
): readonly (readonly string[])[] {
  const groups: string[][] = []
  let length = 0
  for (const piece of pieces) {
    const group = groups.at(-1)
    length += separator.length + piece.length
    if (group === undefined || length > longest) {
      groups.push([piece])
      length = piece.length
    } else group.push(piece)
  }
  if (groups.length > mostGroups)
    throw new Error(`more than ${mostGroups} times ${longest} characters to look at`)
  return groups
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
