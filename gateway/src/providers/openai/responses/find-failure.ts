import { readRecord } from '../../../conversation/json-value.ts'
import { findFailure as findErrorMember } from '../../decode-error.ts'
import type { UpstreamFailure } from '../../failure.ts'

/**
 * The failure an answer with status 200 reports: an `error` member, an `error` event with its members at the top, or
 * a response that failed. Null when it reports none.
 */
export function findFailure(body: unknown): UpstreamFailure | null {
  const parsed = readRecord(body)
  if (parsed === null) return null
  if (parsed['type'] === 'error' && parsed['error'] === undefined) return findErrorMember({ error: parsed })
  if (parsed['type'] === 'response.failed')
    return findErrorMember(readRecord(parsed['response'])) ?? unexplained
  return findErrorMember(parsed)
}

const unexplained: UpstreamFailure = {
  kind: 'server_error',
  status: 500,
  message: 'The provider reported a failed response without a reason.',
  retryAfterMs: null,
  providerFields: null,
}
