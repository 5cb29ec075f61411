import type { GatewayError } from '@routeiq/contract'

/** What an error body needs besides the error itself. */
export interface ErrorRendering {
  readonly requestId: string
  readonly codeStyle: 'symbolic' | 'litellm'
}

/** The message with the exception class LiteLLM's clients search for, when a provider failed. */
export function errorMessage(error: GatewayError): string {
  const name = error.options.exceptionName
  return name === undefined ? error.message : `litellm.${name}: ${error.message}`
}

/** The `detail` member that denials with documented extras carry beside the dialect's envelope. */
export function errorDetail(error: GatewayError, rendering: ErrorRendering): Record<string, unknown> {
  const { extras } = error.options
  if (extras === undefined) return {}
  const detail = { error: error.code, message: error.message, request_id: rendering.requestId, ...extras }
  return { detail }
}
