import { type JsonRecord, parseJson, readNumber, readRecord, readText } from '../conversation/json-value.ts'
import { describeFailure, describeUnreadable } from './describe-failure.ts'
import type { UpstreamFailure } from './failure.ts'
import { readRetryAfter } from './retry-after.ts'

/** Reads an error answer; vendors use `{error: {message, type, code, param}}`, `{error: text}`, `{message}` and `{detail}`. */
export function decodeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): UpstreamFailure {
  const parsed = readRecord(parseJson(body))
  if (parsed === null)
    return describeFailure(status, {}, describeUnreadable(status, headers, body), readRetryAfter(headers))
  const error = errorMember(parsed) ?? parsed
  return describeFailure(status, error, errorText(parsed, error) ?? body, readRetryAfter(headers))
}

/** The failure reported by a JSON body or stream event that came with status 200, null when it reports none. */
export function findFailure(body: unknown): UpstreamFailure | null {
  const parsed = readRecord(body)
  if (parsed === null || !parsed['error']) return null
  const error = errorMember(parsed) ?? parsed
  return describeFailure(
    statusOf(error, parsed),
    error,
    errorText(parsed, error) ?? 'The provider reported an error without a message.',
    null,
  )
}

function errorMember(parsed: JsonRecord): JsonRecord | null {
  return readRecord(parsed['error'])
}

function errorText(parsed: JsonRecord, error: JsonRecord): string | null {
  const detail = parsed['detail']
  return (
    readText(error['message']) ??
    readText(parsed['error']) ??
    readText(parsed['message']) ??
    readText(detail) ??
    (detail === undefined ? null : JSON.stringify(detail))
  )
}

const statusesByCode = new Map<string, number>(
  Object.entries({
    invalid_request_error: 400,
    context_length_exceeded: 400,
    content_filter: 400,
    authentication_error: 401,
    invalid_api_key: 401,
    permission_error: 403,
    not_found_error: 404,
    model_not_found: 404,
    rate_limit_exceeded: 429,
    rate_limit_error: 429,
    insufficient_quota: 429,
    overloaded_error: 503,
    service_unavailable: 503,
  }),
)

/** The status an error without one of its own stands for; 500 when nothing says otherwise. */
function statusOf(error: JsonRecord, parsed: JsonRecord): number {
  for (const value of [error['code'], error['status'], parsed['status_code'], error['type']]) {
    const status = readNumber(typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value)
    if (status !== null && status >= 400 && status < 600) return status
    const known = typeof value === 'string' ? statusesByCode.get(value) : undefined
    if (known !== undefined) return known
  }
  return 500
}
