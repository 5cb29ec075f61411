import type { PlainReply } from '../relay/relay.ts'
import type { PassthroughReplyOptions } from './passthrough-reply.ts'

/** Beyond this, text costs more copies than octets. */
const maxBytes = 65_536
const maxUsageCharacters = 2_048
const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const space = 0x20

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
  if (text.includes('"error"')) return null
  const model = findLeadingModel(text)
  const usage = findTrailingUsage(text)
  if (model === null || usage === undefined) return null
  const stamp = Buffer.from(JSON.stringify(options.requestedModel)).toString('latin1')
  return {
    body: text.slice(0, model.start) + stamp + text.slice(model.end),
    usage: options.decodeUsage(usage),
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The value of the only `model`, when it is a plain string at the top. */
function findLeadingModel(text: string): Span | null {
  const key = text.indexOf('"model"')
  if (key === -1 || text.indexOf('"model"', key + 7) !== -1) return null
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

/** The value of the last `usage`; undefined when that is not plainly a member of the answer itself. */
function findTrailingUsage(text: string): unknown {
  const key = text.lastIndexOf('"usage"')
  if (key === -1) return undefined
  const start = skipColon(text, key + 7)
  const end = start === -1 ? -1 : findObjectEnd(text, start)
  if (end === -1 || !endsObject(text, end)) return undefined
  try {
    return JSON.parse(text.slice(start, end))
  } catch {
    return undefined
  }
}

/** Behind the closing brace of the object at `start`; -1 when there is no short one without escapes. */
function findObjectEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== openBrace) return -1
  const limit = Math.min(text.length, start + maxUsageCharacters)
  let depth = 0
  for (let at = start; at < limit; at += 1) {
    const code = text.charCodeAt(at)
    if (code === backslash) return -1
    if (code === openBrace) depth += 1
    else if (code === closeBrace) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** Whether what is left from `from` on closes exactly the answer itself. */
function endsObject(text: string, from: number): boolean {
  let last = text.length - 1
  while (last > from && text.charCodeAt(last) <= space) last -= 1
  if (text.charCodeAt(last) !== closeBrace) return false
  for (let at = from; at < last; at += 1) {
    const code = text.charCodeAt(at)
    if (code === openBrace || code === closeBrace || code === openBracket || code === closeBracket)
      return false
  }
  return true
}
