import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import { describeFailure, describeUnreadable } from '../describe-failure.ts'
import type { UpstreamFailure } from '../failure.ts'
import { readRetryAfter } from '../retry-after.ts'

/** Reads an error answer: `{type: 'error', error: {type, message}}`. */
export function decodeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): UpstreamFailure {
  const error = readRecord(readRecord(parseJson(body))?.['error'])
  const text = readText(error?.['message']) ?? describeUnreadable(status, headers, body)
  return describeFailure(status, error ?? {}, text, readRetryAfter(headers))
}

/** The status each error type is sent with when it is not inside a stream. */
const statusesByType = new Map<string, number>(
  Object.entries({
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    timeout_error: 408,
    request_too_large: 413,
    rate_limit_error: 429,
    api_error: 500,
    overloaded_error: 529,
  }),
)

/** The failure reported by a body or stream event that came with status 200, null when it reports none. */
export function findFailure(body: unknown): UpstreamFailure | null {
  const parsed = readRecord(body)
  if (parsed === null || (parsed['type'] !== 'error' && !parsed['error'])) return null
  const error = readRecord(parsed['error']) ?? parsed
  const status = statusesByType.get(readText(error['type']) ?? '') ?? 500
  const text = readText(error['message']) ?? 'The provider reported an error without a message.'
  return describeFailure(status, error, text, null)
}
