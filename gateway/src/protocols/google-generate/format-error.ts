import type { GatewayError } from '@routeiq/contract'
import { type ErrorRendering, errorDetail, errorMessage } from '../error-text.ts'

const wordsByStatus: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Google's error envelope; `code` is the HTTP status as a number. */
export function formatGenerateError(error: GatewayError, rendering: ErrorRendering): Record<string, unknown> {
  // 529 is Anthropic's own status.
  const code = error.status === 529 ? 503 : error.status
  const word = wordsByStatus[code] ?? (code < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL')
  const members = { code, message: errorMessage(error), status: word, details: [] }
  return { error: members, ...errorDetail(error, rendering) }
}
