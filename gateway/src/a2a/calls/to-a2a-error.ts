import { toGatewayError } from '../../http/send-error.ts'
import { A2aError } from '../protocol/a2a-error.ts'

/** Any thrown value in the terms of the protocol; what is unexpected keeps its text to itself. */
export function toA2aError(error: unknown): A2aError {
  if (error instanceof A2aError) return error
  const refusal = toGatewayError(error)
  const { code, message, options, status } = refusal
  const retryAfterSeconds = options.retryAfterSeconds
  const more = { cause: error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  if (code === 'budget_exceeded') return new A2aError('BUDGET_EXCEEDED', message, more)
  if (status === 429) return new A2aError('RATE_LIMITED', message, more)
  if (code === 'request_too_large') return new A2aError('REQUEST_TOO_LARGE', message, more)
  return new A2aError('INTERNAL', message, more)
}
