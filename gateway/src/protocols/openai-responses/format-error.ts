import type { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { type ErrorRendering, errorMessage } from '../error-text.ts'

/** The `error` member of a response that failed; its codes are a closed list. */
export function formatFailure(error: GatewayError): JsonRecord {
  const code =
    error.status === 429
      ? 'rate_limit_exceeded'
      : error.status >= 400 && error.status < 500 && error.origin === 'upstream'
        ? 'invalid_prompt'
        : 'server_error'
  return { code, message: errorMessage(error) }
}

/** The one event of a stream that broke off before its response was announced. */
export function formatStreamError(error: GatewayError, { codeStyle }: ErrorRendering): string {
  const event = {
    type: 'error',
    sequence_number: 0,
    code: codeStyle === 'litellm' ? String(error.status) : error.entry.wireCode,
    message: errorMessage(error),
    param: error.options.param ?? null,
  }
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`
}
