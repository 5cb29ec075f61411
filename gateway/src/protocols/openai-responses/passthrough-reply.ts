import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { editResponse } from './edit-response.ts'

/** A response of the provider on its way through: its bytes, with the names its client knows. */
export function readPassthroughResponse(
  body: Buffer,
  options: PassthroughOptions,
): PlainReply | UpstreamFailure {
  const text = body.toString('utf8')
  const response = readRecord(parseJson(text))
  if (response === null)
    return unreadableAnswer(body.length === 0 ? 'an empty body' : 'something that is not JSON')
  const { error } = response
  if (error !== undefined && error !== null) return options.decodeError(text)
  const previousId = readText(options.body['previous_response_id'])
  const usage = options.decodeUsage(response['usage'])
  return {
    body: editResponse(body, response, { ...options, previousId }) ?? body,
    usage: usage && withServiceTier(usage, response['service_tier']),
  }
}
