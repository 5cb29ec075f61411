import type { Usage } from '../conversation/usage.ts'
import { editMembers, findOnlyMember, replaceValue } from '../json/edit-members.ts'
import { type MemberSpan, type ObjectMembers, scanObject } from '../json/object-members.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { type PlainReply, unreadableAnswer } from './relay.ts'

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
  const object = scanObject(body)
  if (object === null)
    return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
  const error = findMember(object, 'error')
  if (error !== null && !isNull(body, error)) return options.decodeError(body.toString('utf8'))
  const usage = findMember(object, 'usage')
  return {
    body: stampModel(body, object, options.requestedModel),
    usage: usage === null ? null : options.decodeUsage(parseMember(body, usage)),
  }
}

function stampModel(body: Buffer, object: ObjectMembers, requestedModel: string): Buffer {
  const text = JSON.stringify(requestedModel)
  const member = findOnlyMember(object, 'model')
  if (member !== null) return replaceValue(body, member, text)
  if (findMember(object, 'model') === null) return body
  return editMembers(body, object, { set: new Map([['model', text]]), remove: nothing })
}

function findMember(object: ObjectMembers, key: string): MemberSpan | null {
  return object.members.find((member) => member.key === key) ?? null
}

function isNull(body: Buffer, member: MemberSpan): boolean {
  return body[member.valueStart] === 0x6e
}

function parseMember(body: Buffer, member: MemberSpan): unknown {
  try {
    return JSON.parse(body.toString('utf8', member.valueStart, member.valueEnd))
  } catch {
    return null
  }
}
