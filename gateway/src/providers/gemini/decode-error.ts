import {
  type JsonRecord,
  parseJson,
  readNumber,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import { describeFailure, describeUnreadable } from '../describe-failure.ts'
import type { UpstreamFailure } from '../failure.ts'
import { readRetryAfter } from '../retry-after.ts'
import { isBrokenCall } from './finish-reason.ts'

/** Reads an error answer, `{error: {code, message, status, details}}`, which streams wrap into a list. */
export function decodeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): UpstreamFailure {
  const error = errorOf(parseJson(body))
  const text = readText(error?.['message']) ?? describeUnreadable(status, headers, body)
  return classify(status, error ?? {}, text, readRetryAfter(headers))
}

function errorOf(parsed: unknown): JsonRecord | null {
  const answer = Array.isArray(parsed) ? parsed[0] : parsed
  return readRecord(readRecord(answer)?.['error'])
}

function classify(
  status: number,
  error: JsonRecord,
  text: string,
  retryAfterMs: number | null,
): UpstreamFailure {
  const details = readRecords(error['details'])
  const failure = describeFailure(status, error, text, retryAfterMs ?? readRetryDelay(details))
  // A wrong key is answered with 400.
  const isKeyRefused = details.some((detail) => detail['reason'] === 'API_KEY_INVALID')
  return isKeyRefused ? { ...failure, kind: 'authentication' } : failure
}

/** `google.rpc.RetryInfo`: `{retryDelay: "12.5s"}`. */
function readRetryDelay(details: readonly JsonRecord[]): number | null {
  const delay = details.map((detail) => readText(detail['retryDelay'])).find((text) => text !== null)
  const seconds = Number.parseFloat(delay ?? '')
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : null
}

/** The HTTP status of each status word (google.rpc.Code). */
const statusesByWord = new Map<string, number>(
  Object.entries({
    INVALID_ARGUMENT: 400,
    FAILED_PRECONDITION: 400,
    OUT_OF_RANGE: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    NOT_FOUND: 404,
    ABORTED: 409,
    RESOURCE_EXHAUSTED: 429,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
  }),
)

/**
 * The failure reported by a body or stream event that came with status 200: an error, a blocked prompt, or a function
 * call the model broke before it said anything, which another attempt may get right. Null when it reports none.
 */
export function findFailure(body: unknown): UpstreamFailure | null {
  const error = errorOf(body)
  if (error !== null) {
    const status = readNumber(error['code']) ?? statusesByWord.get(readText(error['status']) ?? '') ?? 500
    return classify(
      status,
      error,
      readText(error['message']) ?? 'The provider reported an error without a message.',
      null,
    )
  }
  const answer = readRecord(body)
  if (answer === null) return null
  return findBlock(answer) ?? findBrokenCall(answer)
}

function findBlock(answer: JsonRecord): UpstreamFailure | null {
  const feedback = readRecord(answer['promptFeedback'])
  const reason = readText(feedback?.['blockReason'])
  if (reason === null || readRecords(answer['candidates']).length > 0) return null
  const text = readText(feedback?.['blockReasonMessage']) ?? `The prompt was blocked: ${reason}.`
  return { ...describeFailure(400, { code: reason }, text, null), kind: 'content_policy' }
}

function findBrokenCall(answer: JsonRecord): UpstreamFailure | null {
  const [candidate] = readRecords(answer['candidates'])
  const reason = readText(candidate?.['finishReason'])
  if (reason === null || !isBrokenCall(reason)) return null
  if (readRecords(readRecord(candidate?.['content'])?.['parts']).length > 0) return null
  const text = readText(candidate?.['finishMessage']) ?? `The model broke off: ${reason}.`
  return describeFailure(500, { code: reason }, text, null)
}
