import { expect, it } from 'vitest'
import type { UpstreamFailure } from './failure.ts'
import { failureToError } from './failure-to-error.ts'

const failure = (members: Partial<UpstreamFailure>): UpstreamFailure => ({
  kind: 'server_error',
  status: 500,
  message: 'text',
  retryAfterMs: null,
  providerFields: null,
  ...members,
})

it.each([
  ['rate_limit', 429, 'RateLimitError', 429],
  ['quota_exhausted', 402, 'RateLimitError', 429],
  ['authentication', 401, 'AuthenticationError', 401],
  ['context_window', 400, 'ContextWindowExceededError', 400],
  ['content_policy', 403, 'ContentPolicyViolationError', 400],
  ['bad_request', 413, 'BadRequestError', 413],
  ['bad_request', 415, 'BadRequestError', 415],
  ['timeout', 0, 'Timeout', 408],
  ['connection', 0, 'APIConnectionError', 500],
  ['conflict', 409, 'APIError', 500],
  ['server_error', 504, 'InternalServerError', 500],
  ['unavailable', 503, 'ServiceUnavailableError', 503],
  ['unavailable', 529, 'ServiceUnavailableError', 529],
] as const)('renders %s (%d) as %s', (kind, status, exceptionName, rendered) => {
  const error = failureToError(failure({ kind, status }), 'Groq')
  expect(error.message).toBe('GroqException - text')
  expect(error.options.exceptionName).toBe(exceptionName)
  expect(error.status).toBe(rendered)
})

it('passes on the field, the waiting time and the provider fields', () => {
  const fields = { param: 'n', code: 'x' }
  const { options } = failureToError(failure({ retryAfterMs: 1200, providerFields: fields }), 'OpenAI')
  expect(options).toMatchObject({ param: 'n', retryAfterSeconds: 2, providerSpecificFields: fields })
})
