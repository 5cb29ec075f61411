/** Longer asks keep their beginning and their end: where people put the task, and where they put the question. */
const headChars = 1_500
const tailChars = 500
/** Of a very long text only this much of either end is looked at. */
const rawHeadChars = 12_000
const rawTailChars = 4_000

/**
 * The ask in the form features are computed on: NFKC, line feeds, single blanks, no blank lines, trimmed, at most about
 * 2,000 characters.
 */
export function normaliseAsk(raw: string): string {
  const text = tidy(raw.length > rawHeadChars + rawTailChars ? cut(raw, rawHeadChars, rawTailChars) : raw)
  return text.length > headChars + tailChars ? cut(text, headChars, tailChars) : text
}

function cut(text: string, head: number, tail: number): string {
  return `${text.slice(0, head)}\n${text.slice(-tail)}`
}

function tidy(raw: string): string {
  const text = isAscii(raw) ? raw : raw.normalize('NFKC')
  // Most asks are tidy, and looking is cheaper than replacing.
  if (!/[\t\r\f\v\u00a0]| {2}|\n[ \n]| \n/.test(text)) return text.trim()
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\t\f\v\u00a0 ]+/g, ' ')
    .replace(/ ?\n[\n ]*/g, '\n')
    .trim()
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
