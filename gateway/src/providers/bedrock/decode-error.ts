import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import { findFailure as findCommonFailure } from '../decode-error.ts'
import { describeFailure, describeUnreadable } from '../describe-failure.ts'
import type { UpstreamFailure } from '../failure.ts'
import { readRetryAfter } from '../retry-after.ts'

/** What each exception stands for, also inside a stream, where it has no status. */
const statuses = new Map<string, number>(
  Object.entries({
    ValidationException: 400,
    ServiceQuotaExceededException: 429,
    ThrottlingException: 429,
    ModelNotReadyException: 503,
    AccessDeniedException: 403,
    UnrecognizedClientException: 401,
    InvalidSignatureException: 401,
    ExpiredTokenException: 401,
    MissingAuthenticationTokenException: 401,
    IncompleteSignatureException: 401,
    ResourceNotFoundException: 404,
    ModelTimeoutException: 408,
    ModelErrorException: 500,
    ModelStreamErrorException: 500,
    InternalServerException: 500,
    ServiceUnavailableException: 503,
  }),
)

/** Reads an error answer: `{message}`, with the exception's name in `x-amzn-errortype`. */
export function decodeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): UpstreamFailure {
  const parsed = readRecord(parseJson(body)) ?? {}
  const type = exceptionName(headers['x-amzn-errortype'] ?? readText(parsed['__type']) ?? '')
  const inner = readRecord(parsed['error'])
  const text =
    readText(parsed['message']) ??
    readText(parsed['Message']) ??
    readText(inner?.['message']) ??
    describeUnreadable(status, headers, body)
  const code = type === '' ? {} : { code: type }
  return describeFailure(statuses.get(type) ?? status, code, text, readRetryAfter(headers))
}

/** `com.amazon.coral.service#AccessDeniedException:http://…` → `AccessDeniedException`. */
function exceptionName(type: string): string {
  return /^(?:[^#:]*#)?([A-Za-z]*)/.exec(type)?.[1] ?? ''
}

/** An exception inside a stream: `throttlingException` with `{message}`. */
export function decodeException(event: string, data: string): UpstreamFailure {
  const type = event.charAt(0).toUpperCase() + event.slice(1)
  const parsed = readRecord(parseJson(data)) ?? {}
  const text = readText(parsed['message']) ?? readText(parsed['originalMessage']) ?? type
  return describeFailure(statuses.get(type) ?? 500, { code: type }, text, null)
}

/** The failure reported by a body that came with status 200, null when it reports none. */
export function findFailure(body: unknown): UpstreamFailure | null {
  const record = readRecord(body)
  const fault = readRecord(record?.['Output']) ?? record
  const type = exceptionName(readText(fault?.['__type']) ?? '')
  if (type === '') return findCommonFailure(body)
  return describeFailure(
    statuses.get(type) ?? 500,
    { code: type },
    readText(fault?.['message']) ?? type,
    null,
  )
}
