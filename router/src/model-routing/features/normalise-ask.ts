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
  const text = withoutCourtesy(
    tidy(raw.length > rawHeadChars + rawTailChars ? cut(raw, rawHeadChars, rawTailChars) : raw),
  )
  return text.length > headChars + tailChars ? cut(text, headChars, tailChars) : text
}

const greeting =
  /^(?:(?:hi|hello|hey|dear \w+|good (?:morning|afternoon|evening)|please|kindly|(?:can|could|would) you(?: please)?|i (?:need|would like|want) (?:your )?help(?: with)?|(?:please )?help me(?: with(?: this| the following)?| to)?)\b[\s,.:;!-]*)+/i
const thanks =
  /(?:[\s,.;!-]*\b(?:thanks?(?: you)?(?: (?:very|so) much| a lot| in advance)?|cheers|please|best regards|much appreciated)\b)+[\s.!]*$/i
/** What is left must still be an ask; of a short one the greeting may be all there is to it. */
const leastAsk = 40

/** Courtesies around an ask say nothing of what it takes to answer it. */
function withoutCourtesy(text: string): string {
  const begun = text.replace(greeting, '')
  // Only the end is searched: the pattern looks at every place it is given.
  const tail = begun.slice(-80)
  const bare = begun.slice(0, begun.length - tail.length) + tail.replace(thanks, '')
  return bare.length < leastAsk ? text : bare
}

function cut(text: string, head: number, tail: number): string {
  return `${text.slice(0, head)}\n${text.slice(-tail)}`
}

function tidy(raw: string): string {
  const text = isAscii(raw) ? raw : raw.normalize('NFKC')
  let result = ''
  let kept = 0
  for (let index = 0; index < text.length; index++) {
    if (!isBlank(text.charCodeAt(index))) continue
    const start = index
    let breaks = false
    for (let code = text.charCodeAt(index); isBlank(code); code = text.charCodeAt(++index))
      breaks ||= code === lineFeed || code === carriageReturn
    const isSingle = index - start === 1
    const code = text.charCodeAt(start)
    // Single blanks stay in the run that is copied as a whole.
    if (isSingle && (code === space || code === lineFeed)) continue
    result += `${text.slice(kept, start)}${breaks ? '\n' : ' '}`
    kept = index
  }
  return (kept === 0 ? text : result + text.slice(kept)).trim()
}

const space = 32
const lineFeed = 10
const carriageReturn = 13

function isBlank(code: number): boolean {
  return code === space || (code <= carriageReturn && code >= 9) || code === 0xa0
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
