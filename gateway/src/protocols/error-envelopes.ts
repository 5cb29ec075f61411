import type { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
import { formatMessagesError } from './anthropic-messages/format-error.ts'
import type { ErrorRendering } from './error-text.ts'
import { formatGenerateError } from './google-generate/format-error.ts'
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
      return { status: chatErrorStatus(error), body: formatGenerateError(error, rendering) }
    default:
      return { status: chatErrorStatus(error), body: formatChatError(error, rendering) }
  }
}
