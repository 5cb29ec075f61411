import type { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
import { formatMessagesError } from './anthropic-messages/format-error.ts'
import { type ErrorRendering, errorDetail, errorMessage } from './error-text.ts'
import { chatErrorStatus, formatChatError } from './openai-chat/format-error.ts'

export interface RenderedError {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** An error in the envelope of the dialect its caller speaks. */
export function renderError(
  dialect: DialectId,
  error: GatewayError,
  rendering: ErrorRendering,
): RenderedError {
  switch (dialect) {
    case 'anthropic-messages':
      return { status: error.status, body: formatMessagesError(error, rendering) }
    case 'google-generate':
      return { status: chatErrorStatus(error), body: formatGoogleError(error, rendering) }
    default:
      return { status: chatErrorStatus(error), body: formatChatError(error, rendering) }
  }
}

const googleStatusWords: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Google's error envelope; `code` is the HTTP status as a number. */
function formatGoogleError(error: GatewayError, rendering: ErrorRendering): Record<string, unknown> {
  const code = chatErrorStatus(error)
  const word = googleStatusWords[code] ?? (code < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL')
  const members = { code, message: errorMessage(error), status: word, details: [] }
  return { error: members, ...errorDetail(error, rendering) }
}
