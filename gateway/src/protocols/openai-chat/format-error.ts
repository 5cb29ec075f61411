import type { GatewayError } from '@routeiq/contract'
import { type ErrorRendering, errorDetail, errorMessage } from '../error-text.ts'

/**
 * The body of an OpenAI-dialect error: all four keys, null allowed, and `request_id` beside them. `code` is
 * always a string: the catalogue's symbol, or the HTTP status under `error_code_style: litellm`.
 */
export function formatChatError(error: GatewayError, rendering: ErrorRendering): Record<string, unknown> {
  const { entry, options } = error
  const status = chatErrorStatus(error)
  // An overridden status replaces a code that is only the status in digits, never a symbol.
  const symbolic = entry.wireCode === String(entry.status) ? String(status) : entry.wireCode
  const members: Record<string, unknown> = {
    message: errorMessage(error),
    type: entry.type,
    param: options.param ?? null,
    code: rendering.codeStyle === 'litellm' ? String(status) : symbolic,
  }
  if (options.providerSpecificFields) members['provider_specific_fields'] = options.providerSpecificFields
  return { error: members, request_id: rendering.requestId, ...errorDetail(error, rendering) }
}

/** 529 is Anthropic's own status; this dialect's clients know 503. */
export function chatErrorStatus(error: GatewayError): number {
  return error.status === 529 ? 503 : error.status
}

/** The same error as the last event of a stream; `[DONE]` does not follow. */
export function formatChatStreamError(error: GatewayError, rendering: ErrorRendering): string {
  return `data: ${JSON.stringify(formatChatError(error, rendering))}\n\n`
}
