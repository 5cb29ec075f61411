import { expect, it } from 'vitest'
import { AuthorizationError } from '../transport/authorization.ts'
import { transportFailure } from './transport-failure.ts'

const withCode = (code: unknown) => Object.assign(new Error('connect 10.1.2.3:443 secret-host'), { code })

it.each([
  [withCode('ECONNREFUSED'), 'Connection refused'],
  [withCode('ENOTFOUND'), 'The host name does not resolve'],
  [withCode('UND_ERR_CONNECT_TIMEOUT'), 'The connection timed out'],
  [withCode('UPSTREAM_CONNECT_TIMEOUT'), 'The connection timed out'],
  [withCode('CERT_HAS_EXPIRED'), 'TLS failure (CERT_HAS_EXPIRED)'],
  [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TLS failure (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  [withCode('UPSTREAM_CLOSED'), 'The connection broke before the answer was complete'],
  [withCode(7), 'The connection broke before the answer was complete'],
  [new Error('secret-host'), 'The connection broke before the answer was complete'],
  [new Error('outer', { cause: withCode('EAI_AGAIN') }), 'The host name could not be resolved right now'],
])('%s is told as %s, without addresses', (error, message) => {
  expect(transportFailure(error)).toEqual({
    kind: 'connection',
    status: 0,
    message,
    retryAfterMs: null,
    providerFields: null,
  })
})

it.each([
  [0, 'connection'],
  [401, 'authentication'],
  [400, 'authentication'],
  [429, 'unavailable'],
  [503, 'unavailable'],
])('a token endpoint that answers %d is the failure %s', (status, kind) => {
  const failure = transportFailure(new AuthorizationError(status, 'No token'))
  expect(failure).toMatchObject({ kind, status, message: 'No token' })
})
