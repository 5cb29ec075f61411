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
  const closed = tail.replace(thanks, '')
  const bare = closed === tail ? begun : begun.slice(0, begun.length - tail.length) + closed
  return bare.length < leastAsk ? text : bare
}

function cut(text: string, head: number, tail: number): string {
  return `${text.slice(0, head)}\n${text.slice(-tail)}`
}

/** Searches by pattern: they run in machine code, where a loop over the characters takes several times as long. */
function tidy(raw: string): string {
  const text = beyondAscii.test(raw) ? raw.normalize('NFKC') : raw
  return text.replace(untidyBlanks, (blanks) => (lineBreak.test(blanks) ? '\n' : ' ')).trim()
}

const beyondAscii = /[^\0-\x7f]/
/** All but single spaces and single line feeds. */
const untidyBlanks = /[\t-\r \u00a0]{2,}|[\t\v\f\r\u00a0]/g
const lineBreak = /[\r\n]/
