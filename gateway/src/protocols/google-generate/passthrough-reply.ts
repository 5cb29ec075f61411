import { parseJson } from '../../conversation/json-value.ts'
import { scanObject } from '../../json/object-members.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'

/** The provider's answer as it came. Only the members that matter are parsed: answers may hold whole images. */
export function readPassthroughReply(
  body: Buffer,
  { decodeUsage, decodeError }: Pick<PassthroughOptions, 'decodeUsage' | 'decodeError'>,
): PlainReply | UpstreamFailure {
  const object = scanObject(body)
  if (object === null)
    return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
  const read = (name: string): unknown => {
    const member = object.members.findLast(({ key }) => key === name)
    return member === undefined
      ? undefined
      : parseJson(body.toString('utf8', member.valueStart, member.valueEnd))
  }
  if (read('error')) return decodeError(body.toString('utf8'))
  return { body, usage: decodeUsage(read('usageMetadata')) }
}
