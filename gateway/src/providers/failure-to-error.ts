import { type ErrorCode, GatewayError, type GatewayErrorOptions } from '@routeiq/contract'
import type { FailureKind, UpstreamFailure } from './failure.ts'

/** The catalogue code and LiteLLM exception class of each kind of failure. */
const renderings: Readonly<Record<FailureKind, readonly [ErrorCode, string]>> = {
  connection: ['upstream_connection_error', 'APIConnectionError'],
  timeout: ['timeout', 'Timeout'],
  request_timeout: ['timeout', 'Timeout'],
  conflict: ['upstream_error', 'APIError'],
  rate_limit: ['rate_limit_exceeded', 'RateLimitError'],
  quota_exhausted: ['rate_limit_exceeded', 'RateLimitError'],
  authentication: ['upstream_authentication_error', 'AuthenticationError'],
  permission: ['upstream_permission_denied', 'PermissionDeniedError'],
  not_found: ['upstream_not_found', 'NotFoundError'],
  context_window: ['context_length_exceeded', 'ContextWindowExceededError'],
  content_policy: ['content_filter', 'ContentPolicyViolationError'],
  bad_request: ['invalid_request', 'BadRequestError'],
  unprocessable: ['unprocessable', 'UnprocessableEntityError'],
  server_error: ['upstream_error', 'InternalServerError'],
  unavailable: ['upstream_unavailable', 'ServiceUnavailableError'],
  response_too_large: ['upstream_response_too_large', 'APIError'],
}

/** A provider's failure as the error callers see: `<Provider>Exception - <upstream text>`. */
export function failureToError(failure: UpstreamFailure, providerTitle: string): GatewayError {
  const [code, exceptionName] = renderings[failure.kind]
  const { status, retryAfterMs, providerFields } = failure
  const param = providerFields?.['param']
  const options: GatewayErrorOptions = {
    exceptionName,
    origin: 'upstream',
    ...(typeof param === 'string' ? { param } : {}),
    ...(retryAfterMs === null ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
    ...(providerFields === null ? {} : { providerSpecificFields: providerFields }),
    ...(status === 529 || status === 415 ? { status } : {}),
  }
  const message = `${providerTitle}Exception - ${failure.message}`
  return new GatewayError(status === 413 ? 'request_too_large' : code, message, options)
}
