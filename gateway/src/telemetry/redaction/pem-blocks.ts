import { marker } from './marker.ts'

const opening = '-----BEGIN '
const endOrQuote = /"|-----END [A-Z0-9 ]{1,40}-----/g

/**
 * Replaces PEM blocks, header lines included. A block without an end is cut at the next quote, or else at the end
 * of the text, because a truncated key is still most of a key. No block contains a quote.
 */
export function redactPemBlocks(text: string): string {
  let result = ''
  let copied = 0
  for (let start = text.indexOf(opening); start !== -1; start = text.indexOf(opening, copied)) {
    result += text.slice(copied, start) + marker
    copied = findBlockEnd(text, start + opening.length)
  }
  return copied === 0 ? text : result + text.slice(copied)
}

function findBlockEnd(text: string, from: number): number {
  endOrQuote.lastIndex = from
  const found = endOrQuote.exec(text)
  if (found === null) return text.length
  return found[0] === '"' ? found.index : endOrQuote.lastIndex
}
