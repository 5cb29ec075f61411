import { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
import { renderError } from '../protocols/error-envelopes.ts'
import { chatErrorStatus } from '../protocols/openai-chat/format-error.ts'
import { redactText } from '../telemetry/redact.ts'
import type { Exchange } from './exchange.ts'

/** Which error body a route's callers read: a dialect's envelope, the control plane's, that of `/api/v1`, or a bare object. */
export type ErrorSurface = DialectId | 'control' | 'api-v1' | 'unwrapped'

/** Any thrown value as a GatewayError; unknown ones become `internal_error` without their text. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError(
    'internal_error',
    'Something went wrong inside the gateway; its log has the details under this request id.',
    {
      cause: error,
    },
  )
}

/** Answers with an error in the form the route's callers expect. */
export function sendError(
  exchange: Exchange,
  surface: ErrorSurface,
  error: GatewayError,
  codeStyle: 'symbolic' | 'litellm',
  lines?: string,
): void {
  const { status, body } = renderOn(surface, error, exchange.requestId, codeStyle)
  exchange.sendJson(status, body, errorHeaders(surface, error, exchange.requestId), lines)
}

function renderOn(
  surface: ErrorSurface,
  error: GatewayError,
  requestId: string,
  codeStyle: 'symbolic' | 'litellm',
) {
  // A refusal by policy, or by a plugin, reads the same on every route.
  if (error.code === 'policy_denied') return { status: error.status, body: bareBody(error, requestId) }
  if (error.code === 'blocked_by_plugin') return { status: error.status, body: pluginBody(error, requestId) }
  if (surface === 'api-v1') return { status: error.status, body: apiBody(error, requestId) }
  if (error.code === 'validation_failed') return { status: error.status, body: validationBody(error) }
  if (surface === 'unwrapped') return { status: error.status, body: bareBody(error, requestId) }
  if (surface === 'control') return { status: error.status, body: controlBody(error, requestId) }
  return renderError(surface, error, { requestId, codeStyle })
}

const bareBody = ({ code, message }: GatewayError, requestId: string) => ({
  error: code,
  message,
  request_id: requestId,
})

/** What the plugin wrote, completed. */
const pluginBody = ({ message, options }: GatewayError, requestId: string) => ({
  message,
  request_id: requestId,
  ...options.extras,
})

/** Readers of `detail` and readers of `error` both find what they look for. */
function controlBody(error: GatewayError, requestId: string): Record<string, unknown> {
  const message = redactText(error.message)
  return {
    detail: { error: error.code, message, request_id: requestId, ...error.options.extras },
    error: { message, type: error.entry.type, param: error.options.param ?? null, code: error.code },
  }
}

/**
 * The form of `/api/v1`: `detail` is a sentence, an object when the error has more to say, and FastAPI's list of fields
 * for a schema failure, which `details.errors` repeats as field and message.
 */
function apiBody(error: GatewayError, requestId: string): Record<string, unknown> {
  const { issues, ...extras } = error.options.extras ?? {}
  const frame = { code: error.code, request_id: requestId }
  const message = redactText(error.message)
  if (error.code !== 'validation_failed') {
    const detail = Object.keys(extras).length === 0 ? message : { message, ...extras }
    return { detail, ...frame }
  }
  const list = Array.isArray(issues) && issues.length > 0 ? (issues as Issue[]) : [wholeBody(message)]
  const errors = list.map(({ loc, msg }) => ({ field: loc.slice(1).join('.') || 'body', message: msg }))
  return { detail: list, details: { errors }, message, ...frame }
}

interface Issue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}

const wholeBody = (msg: string): Issue => ({ type: 'value_error', loc: ['body'], msg })

/** FastAPI's form of a schema failure, `detail` being a list, with the usual envelope beside it. */
function validationBody(error: GatewayError): Record<string, unknown> {
  const { type, wireCode } = error.entry
  return {
    detail: error.options.extras?.['issues'] ?? [],
    error: { message: error.message, type, param: error.options.param ?? null, code: wireCode },
  }
}

/** The headers every error carries, flat name, value. */
function errorHeaders(surface: ErrorSurface, error: GatewayError, requestId: string): string[] {
  const headers = ['x-routeiq-error-origin', error.origin]
  const status = chatErrorStatus(error)
  const isCurable = (status === 429 && error.code !== 'quota_exceeded') || status === 503
  if (error.options.retryAfterSeconds !== undefined || isCurable) {
    headers.push('retry-after', String(Math.max(1, Math.ceil(error.options.retryAfterSeconds ?? 1))))
  }
  if (status === 401 && error.origin === 'gateway') headers.push('www-authenticate', 'Bearer')
  if (error.code === 'budget_exceeded') headers.push('x-should-retry', 'false')
  if (surface === 'anthropic-messages') headers.push('request-id', requestId)
  for (const [name, value] of Object.entries(error.options.headers ?? {})) headers.push(name, value)
  return headers
}
