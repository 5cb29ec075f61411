import { GatewayError } from '@routeiq/contract'
import type { UpstreamFailure } from './failure.ts'

/** The error for an answer that is not of its wire's form. */
export function malformedAnswer(reason: string): GatewayError {
  return new GatewayError('upstream_error', `The provider's answer could not be read: ${reason}`, {
    exceptionName: 'APIError',
  })
}

/** The same as the failure of a stream. */
export function brokenStream(reason: string): UpstreamFailure {
  const message = `The provider's stream could not be read: ${reason}`
  return { kind: 'server_error', status: 200, message, retryAfterMs: null, providerFields: null }
}
