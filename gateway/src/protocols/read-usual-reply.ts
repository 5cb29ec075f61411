import type { PlainReply } from '../relay/relay.ts'
import type { PassthroughReplyOptions } from './passthrough-reply.ts'

/** Beyond this, text costs more copies than octets. */
const maxBytes = 65_536
const quote = 0x22
const colon = 0x3a
const openBrace = 0x7b
const space = 0x20
const ascii = /^[ -~]*$/

/**
 * Reads an answer of the shape that nearly all have without building or walking it: `model` before anything nested, `usage`
 * behind everything nested, no word of an error. Null for every other, which is then read member by member. A quoted name
 * cannot stand inside a JSON string, where its quotes would be escaped, so a search finds members only.
 *
 * Octets are held as latin1 text: searching and joining text costs a fraction of doing so with buffers.
 */
export function readUsualReply(body: Buffer, options: PassthroughReplyOptions): PlainReply | null {
  if (body.length > maxBytes || body[0] !== openBrace) return null
  const text = body.toString('latin1')
  const names = findNames(text)
  if (names === null) return null
  const model = readLeadingModel(text, names.model)
  const usage = readTrailingUsage(text, names.usage)
  if (model === null || usage === undefined) return null
  const stamp = asOctets(JSON.stringify(options.requestedModel))
  return {
    body: text.slice(0, model.start) + stamp + text.slice(model.end),
    usage: options.decodeUsage(usage),
  }
}

/** Text with one character for each octet of its UTF-8. */
function asOctets(text: string): string {
  return ascii.test(text) ? text : Buffer.from(text).toString('latin1')
}

/** Where the names stand that matter here: of the only `model`, and of the last `usage`. */
interface Names {
  readonly model: number
  readonly usage: number
}

/** The last letters of the names searched for. */
const endOfModel = 0x6c
const endOfUsage = 0x65

/** All in one walk over the text, which costs as much as the search for one. Null for what has to be read the long way. */
function findNames(text: string): Names | null {
  const names = /"(?:error|model|service_tier|usage)"/g
  let model = -1
  let usage = -1
  while (names.test(text)) {
    const end = names.lastIndex
    const letter = text.charCodeAt(end - 2)
    if (letter === endOfUsage) usage = end - '"usage"'.length
    else if (letter === endOfModel) {
      if (model !== -1) return null
      model = end - '"model"'.length
    } else if (text.startsWith('"error"', end - '"error"'.length) || isSpecialTier(text, end)) return null
  }
  return model === -1 || usage === -1 ? null : { model, usage }
}

/** Tiers with prices of their own are rare enough to be read the long way. */
function isSpecialTier(text: string, from: number): boolean {
  const start = skipColon(text, from)
  return start !== -1 && (text.startsWith('"flex"', start) || text.startsWith('"priority"', start))
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The value of the `model` at this place, when it is a plain string at the top. */
function readLeadingModel(text: string, key: number): Span | null {
  if (holdsBefore(text, '{', 1, key) || holdsBefore(text, '[', 1, key)) return null
  const start = skipColon(text, key + 7)
  if (start === -1 || text.charCodeAt(start) !== quote) return null
  const end = text.indexOf('"', start + 1)
  return end === -1 || holdsBefore(text, '\\', start, end) ? null : { start, end: end + 1 }
}

function holdsBefore(text: string, needle: string, from: number, to: number): boolean {
  const found = text.indexOf(needle, from)
  return found !== -1 && found < to
}

/** Where the value begins, -1 when no colon follows. */
function skipColon(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= space) at += 1
  if (text.charCodeAt(at) !== colon) return -1
  at += 1
  while (text.charCodeAt(at) <= space) at += 1
  return at
}

/**
 * The value of the last `usage`, which stands at this place; undefined when that is not plainly a member of the answer itself. What stands from its name
 * to the end of the text, given an opening brace, is an object only when the name stands in the outermost one.
 */
function readTrailingUsage(text: string, key: number): unknown {
  try {
    return JSON.parse(`{${text.slice(key)}`).usage ?? undefined
  } catch {
    return undefined
  }
}
