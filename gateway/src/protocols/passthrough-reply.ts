import { type JsonRecord, readRecord } from '../conversation/json-value.ts'
import { withServiceTier } from '../conversation/service-tier.ts'
import type { Usage } from '../conversation/usage.ts'
import { editMembers } from '../json/edit-members.ts'
import { type ObjectMembers, scanObject } from '../json/object-members.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { PlainReply } from '../relay/relay.ts'
import { readUsualReply } from './read-usual-reply.ts'
import { unreadableAnswer } from './unreadable-answer.ts'

const nothing: ReadonlySet<string> = new Set()

export interface PassthroughReplyOptions {
  /** What the client asked for; stamped over the provider's own model name. */
  readonly requestedModel: string
  readonly restoreContainer?: ((container: JsonRecord) => JsonRecord) | null
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
  const isUsual = options.restoreContainer == null
  return (isUsual ? readUsualReply(body, options) : null) ?? readByMembers(body, options)
}

function readByMembers(body: Buffer, options: PassthroughReplyOptions): PlainReply | UpstreamFailure {
  const object = scanObject(body)
  if (object === null) return notJson(body)
  const value = (key: string): string | null => {
    const member = object.members.findLast((candidate) => candidate.key === key)
    return member === undefined ? null : body.toString('utf8', member.valueStart, member.valueEnd)
  }
  const error = value('error')
  if (error !== null && error !== 'null') return options.decodeError(body.toString('utf8'))
  const counts = parseValue(value('usage') ?? 'null')
  const usage = counts === null ? null : options.decodeUsage(counts)
  return {
    body: restore(body, object, options, parseValue(value('container') ?? 'null')),
    usage: usage && withServiceTier(usage, parseValue(value('service_tier') ?? 'null')),
  }
}

/** The model the client asked for, and the container it knows. */
function restore(
  body: Buffer,
  object: ObjectMembers,
  { requestedModel, restoreContainer }: PassthroughReplyOptions,
  container: unknown,
): Buffer {
  const set = new Map<string, string>()
  if (object.members.some((member) => member.key === 'model'))
    set.set('model', JSON.stringify(requestedModel))
  const known = restoreContainer == null ? null : readRecord(container)
  if (known !== null) set.set('container', JSON.stringify(restoreContainer?.(known)))
  return set.size === 0 ? body : editMembers(body, object, { set, remove: nothing })
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
