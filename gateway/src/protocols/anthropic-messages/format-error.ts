import type { GatewayError } from '@routeiq/contract'
import { type ErrorRendering, errorDetail, errorMessage } from '../error-text.ts'

const typesByStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
}

/** Anthropic's error types plus OpenAI's `param` and `code`, so that readers of either find their members. */
export function formatMessagesError(error: GatewayError, rendering: ErrorRendering): Record<string, unknown> {
  const { status, entry } = error
  const details = error.options.extras?.['details']
  const fallback = status < 500 ? 'invalid_request_error' : 'api_error'
  const type =
    error.code === 'no_deployments_available' ? 'overloaded_error' : (typesByStatus[status] ?? fallback)
  return {
    type: 'error',
    error: {
      type,
      message: formatMessage(error),
      param: error.options.param ?? null,
      code: rendering.codeStyle === 'litellm' ? String(status) : entry.wireCode,
      ...(details === undefined ? {} : { details }),
    },
    request_id: rendering.requestId,
    ...errorDetail(error, rendering),
  }
}

const tooLong = 'prompt is too long'

/** Agents of this dialect shorten their history when they read these words, so they stand before all others. */
function formatMessage(error: GatewayError): string {
  const message = errorMessage(error)
  return error.code !== 'context_length_exceeded' || message.includes(tooLong)
    ? message
    : `${tooLong}: ${message}`
}

/** The same error as the last event of a stream. */
export function formatMessagesStreamError(error: GatewayError, rendering: ErrorRendering): string {
  return `event: error\ndata: ${JSON.stringify(formatMessagesError(error, rendering))}\n\n`
}
