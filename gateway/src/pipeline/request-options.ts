import { GatewayError } from '@routeiq/contract'
import type { FallbackTarget } from '../config/config.ts'
import type { Exchange } from '../http/exchange.ts'

/** What a request asks of the gateway itself, from its body and from `x-litellm-*` and `x-routeiq-*` headers; none goes upstream. */
export interface RequestOptions {
  readonly fallbacks: readonly FallbackTarget[] | null
  readonly contextWindowFallbacks: readonly FallbackTarget[] | null
  readonly contentPolicyFallbacks: readonly FallbackTarget[] | null
  readonly disableFallbacks: boolean
  readonly numRetries: number | null
  readonly timeoutMs: number | null
  readonly streamTimeoutMs: number | null
  readonly tags: readonly string[]
  readonly endUser: string | null
  readonly sessionId: string | null
  /** The end of a stream tells what it costs. */
  readonly includeCost: boolean
  readonly mockResponse: string | null
  readonly mockFailure: MockFailure | null
}

/** Failures a caller may ask for to test its fallbacks. */
export type MockFailure = 'general' | 'context_window' | 'content_policy' | 'rate_limit'

const mockFailures: Readonly<Record<string, MockFailure>> = {
  mock_testing_fallbacks: 'general',
  mock_testing_context_fallbacks: 'context_window',
  mock_testing_content_policy_fallbacks: 'content_policy',
  mock_testing_rate_limit_error: 'rate_limit',
}

type Body = Readonly<Record<string, unknown>>

/**
 * Reads the options; body members win over headers, but a header that names the end user over `user`. Wrong types
 * are refused, naming the member.
 */
export function readRequestOptions(
  body: Body,
  exchange: Exchange,
  endUserHeaders: readonly string[] = none,
): RequestOptions {
  return {
    fallbacks: readTargets(body, 'fallbacks'),
    contextWindowFallbacks: readTargets(body, 'context_window_fallbacks'),
    contentPolicyFallbacks: readTargets(body, 'content_policy_fallbacks'),
    disableFallbacks: body['disable_fallbacks'] === true,
    numRetries: readNumber(body['num_retries'] ?? exchange.header('x-litellm-num-retries'), 'num_retries'),
    timeoutMs: readSeconds(body['timeout'] ?? exchange.header('x-litellm-timeout'), 'timeout'),
    streamTimeoutMs: readSeconds(
      body['stream_timeout'] ?? exchange.header('x-litellm-stream-timeout'),
      'stream_timeout',
    ),
    tags: readTags(body, exchange.header('x-litellm-tags')),
    endUser: readEndUser(body, exchange, endUserHeaders),
    sessionId: exchange.header('x-litellm-session-id') ?? exchange.header('x-litellm-trace-id'),
    includeCost: exchange.header('x-routeiq-include-cost') === 'true',
    mockResponse: typeof body['mock_response'] === 'string' ? body['mock_response'] : null,
    mockFailure: readMockFailure(body),
  }
}

function readTargets(body: Body, name: string): readonly FallbackTarget[] | null {
  const value = body[name]
  if (value === undefined || value === null) return null
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((target, index) => {
    if (typeof target === 'string') return target
    if (typeof target === 'object' && target !== null && typeof (target as Body)['model'] === 'string')
      return target as FallbackTarget
    throw invalid(`${name}[${index}]`, 'a model name or an object with a `model`')
  })
}

function readNumber(value: unknown, name: string): number | null {
  if (value === undefined || value === null) return null
  const number = typeof value === 'number' ? value : parseNumber(value)
  if (!Number.isFinite(number) || number < 0) throw invalid(name, 'a number that is not negative')
  return number
}

/** Headers, and some clients' bodies, carry numbers as text. */
function parseNumber(value: unknown): number {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

function readSeconds(value: unknown, name: string): number | null {
  const seconds = readNumber(value, name)
  return seconds === null ? null : seconds * 1000
}

function readTags(body: Body, header: string | null): readonly string[] {
  const fromHeader = header === null ? [] : header.split(',').map((tag) => tag.trim())
  const listed =
    body['tags'] ?? memberOf(body['metadata'], 'tags') ?? memberOf(body['litellm_metadata'], 'tags')
  if (listed === undefined && fromHeader.length === 0) return none
  const fromBody = Array.isArray(listed) ? listed.filter((tag) => typeof tag === 'string') : []
  return [...new Set([...fromBody, ...fromHeader])].filter((tag) => tag !== '')
}

const none: readonly string[] = []
const ownEndUserHeaders = ['x-litellm-customer-id', 'x-litellm-end-user-id']

function readEndUser(body: Body, exchange: Exchange, headers: readonly string[]): string | null {
  const header = findHeader(exchange, ownEndUserHeaders) ?? findHeader(exchange, headers)
  const value = header ?? body['user'] ?? memberOf(body['metadata'], 'user_id')
  return typeof value === 'string' && value !== '' ? value.slice(0, 256) : null
}

function findHeader(exchange: Exchange, names: readonly string[]): string | null {
  for (const name of names) {
    const value = exchange.header(name)
    if (value !== null && value !== '') return value
  }
  return null
}

function readMockFailure(body: Body): MockFailure | null {
  for (const name in mockFailures) if (body[name] === true) return mockFailures[name] ?? null
  return null
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Body)[name] : undefined
}

function invalid(param: string, expected: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` must be ${expected}.`, { param })
}
