import type { Usage } from '../conversation/usage.ts'
import { editMembers } from '../json/edit-members.ts'
import { scanObject } from '../json/object-members.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { PlainReply } from '../relay/relay.ts'
import { unreadableAnswer } from './unreadable-answer.ts'

/** Above this, finding members by their bytes beats building the whole object (long embeddings, base64 media). */
const parseWholeBytes = 16_384
const nothing: ReadonlySet<string> = new Set()

export interface PassthroughReplyOptions {
  /** What the client asked for; stamped over the provider's own model name. */
  readonly requestedModel: string
  readonly decodeUsage: (usage: unknown) => Usage | null
  /** Classifies a body that carries an error in spite of its status 200. */
  readonly decodeError: (body: string) => UpstreamFailure
}

/**
 * Takes the provider's JSON as it is, except for the model name. Bodies that are no JSON object, or that carry
 * an error with status 200, are failures of the attempt.
 */
export function readPassthroughReply(
  body: Buffer,
  options: PassthroughReplyOptions,
): PlainReply | UpstreamFailure {
  return body.length <= parseWholeBytes ? readSmall(body, options) : readLarge(body, options)
}

/** Bytes as latin1 text: structure, numbers and the model name read the same, and every byte survives. */
function readSmall(body: Buffer, options: PassthroughReplyOptions): PlainReply | UpstreamFailure {
  const text = body.toString('latin1')
  const answer = parseObject(text)
  if (answer === null) return notJson(body)
  if (answer['error'] !== undefined && answer['error'] !== null)
    return options.decodeError(body.toString('utf8'))
  const usage = answer['usage'] === undefined ? null : options.decodeUsage(answer['usage'])
  const span = findModelText(text, answer['model'])
  if (span === null) return { body: stampByMembers(body, options.requestedModel) ?? body, usage }
  const stamped =
    text.slice(0, span.start) + asLatin1(JSON.stringify(options.requestedModel)) + text.slice(span.end)
  return { body: Buffer.from(stamped, 'latin1'), usage }
}

function readLarge(body: Buffer, options: PassthroughReplyOptions): PlainReply | UpstreamFailure {
  const object = scanObject(body)
  if (object === null) return notJson(body)
  const value = (key: string): string | null => {
    const member = object.members.findLast((candidate) => candidate.key === key)
    return member === undefined ? null : body.toString('utf8', member.valueStart, member.valueEnd)
  }
  const error = value('error')
  if (error !== null && error !== 'null') return options.decodeError(body.toString('utf8'))
  const usage = value('usage')
  const parsedUsage = usage === null ? null : parseValue(usage)
  return {
    body: stampByMembers(body, options.requestedModel) ?? body,
    usage: parsedUsage === null ? null : options.decodeUsage(parsedUsage),
  }
}

/**
 * Where the model's value stands, when the only `"model"` of the text is followed by that very value. Anything
 * less plain (a second one in a nested object, escapes) is left to the scan by members.
 */
function findModelText(
  text: string,
  model: unknown,
): { readonly start: number; readonly end: number } | null {
  if (typeof model !== 'string') return null
  const key = text.indexOf('"model"')
  if (key === -1 || text.indexOf('"model"', key + 7) !== -1) return null
  let start = key + 7
  while (text[start] === ' ' || text[start] === ':') start += 1
  const written = `"${model}"`
  return text.startsWith(written, start) ? { start, end: start + written.length } : null
}

function stampByMembers(body: Buffer, requestedModel: string): Buffer | null {
  const object = scanObject(body)
  if (object === null || !object.members.some((member) => member.key === 'model')) return null
  return editMembers(body, object, {
    set: new Map([['model', JSON.stringify(requestedModel)]]),
    remove: nothing,
  })
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  const value = parseValue(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notJson(body: Buffer): UpstreamFailure {
  return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
}
