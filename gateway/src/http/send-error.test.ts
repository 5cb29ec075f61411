import { GatewayError } from '@routeiq/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErrorSurface, sendError, toGatewayError } from './send-error.ts'
import { type ExchangeServer, startExchangeServer } from './testing/exchange-server.ts'

let server: ExchangeServer
let send: Parameters<typeof startExchangeServer>[0] = () => {}

beforeAll(async () => {
  server = await startExchangeServer((exchange) => send(exchange))
})
afterAll(() => server.close())

async function answer(
  surface: ErrorSurface,
  error: GatewayError,
  style: 'symbolic' | 'litellm' = 'symbolic',
) {
  send = (exchange) => sendError(exchange, surface, error, style)
  const response = await fetch(server.url, { headers: { 'x-request-id': 'r-1' } })
  return { status: response.status, headers: response.headers, body: (await response.json()) as object }
}

describe('bodies', () => {
  const error = new GatewayError('over_capacity', 'Full.')

  it('unwrapped', async () => {
    expect(await answer('unwrapped', error)).toMatchObject({
      status: 503,
      body: { error: 'over_capacity', message: 'Full.', request_id: 'r-1' },
    })
  })

  it('control: both readers find their members, extras beside them', async () => {
    const denied = new GatewayError('permission_denied', 'No.', {
      extras: { required_permission: 'x' },
      param: 'p',
    })
    const { status, body } = await answer('control', denied)
    expect(status).toBe(403)
    expect(body).toEqual({
      detail: { error: 'permission_denied', message: 'No.', request_id: 'r-1', required_permission: 'x' },
      error: { message: 'No.', type: 'permission_error', param: 'p', code: 'permission_denied' },
    })
  })

  it('control: secrets are scrubbed', async () => {
    const leaking = new GatewayError('internal_error', 'connect postgres://user:canary-word@db/x')
    expect(JSON.stringify((await answer('control', leaking)).body)).not.toContain('canary')
  })

  it('validation: a list of fields, on every surface', async () => {
    const issues = [{ type: 'invalid_type', loc: ['body', 'x'], msg: 'no' }]
    const invalid = new GatewayError('validation_failed', 'x: no', { extras: { issues } })
    for (const surface of ['control', 'openai-chat'] as const)
      expect(await answer(surface, invalid)).toMatchObject({
        status: 422,
        body: {
          detail: issues,
          error: { message: 'x: no', type: 'invalid_request_error', code: 'validation_error' },
        },
      })
  })

  it.each([
    [new GatewayError('not_found', 'No skill.'), { detail: 'No skill.', code: 'not_found' }],
    [
      new GatewayError('invalid_request', 'Blocked.', { extras: { reason: 'safety_blocked' } }),
      { detail: { message: 'Blocked.', reason: 'safety_blocked' }, code: 'invalid_request' },
    ],
    [
      new GatewayError('permission_denied', 'No.', { extras: {} }),
      { detail: 'No.', code: 'permission_denied' },
    ],
    [
      new GatewayError('validation_failed', 'name: too long', {
        extras: { issues: [{ type: 'too_big', loc: ['body', 'skills', 0, 'name'], msg: 'too long' }] },
      }),
      {
        detail: [{ type: 'too_big', loc: ['body', 'skills', 0, 'name'], msg: 'too long' }],
        details: { errors: [{ field: 'skills.0.name', message: 'too long' }] },
        message: 'name: too long',
        code: 'validation_failed',
      },
    ],
    [
      new GatewayError('validation_failed', 'not JSON', { extras: { issues: [] } }),
      {
        detail: [{ type: 'value_error', loc: ['body'], msg: 'not JSON' }],
        details: { errors: [{ field: 'body', message: 'not JSON' }] },
        message: 'not JSON',
        code: 'validation_failed',
      },
    ],
  ])('of /api/v1: $message', async (error, body) => {
    const answered = await answer('api-v1', error)
    expect(answered.body).toEqual({ ...body, request_id: 'r-1' })
    expect(answered.status).toBe(error.status)
    expect(answered.headers.get('x-request-id')).toBe('r-1')
  })

  it('of /api/v1: secrets are scrubbed', async () => {
    const leaking = new GatewayError('internal_error', 'connect postgres://user:canary-word@db/x')
    expect(JSON.stringify((await answer('api-v1', leaking)).body)).not.toContain('canary')
  })

  const overloaded = new GatewayError('upstream_unavailable', 'Busy.', { status: 529 })

  it.each([
    [
      'openai-chat',
      503,
      { error: { message: 'Busy.', type: 'service_unavailable', param: null, code: '503' } },
    ],
    ['anthropic-messages', 529, { type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } }],
    ['google-generate', 503, { error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE', details: [] } }],
  ] as const)('%s', async (surface, status, body) => {
    expect(await answer(surface, overloaded)).toMatchObject({ status, body })
  })

  it('LiteLLM style: the code is the status', async () => {
    const unknown = new GatewayError('invalid_api_key', 'No.')
    expect((await answer('openai-chat', unknown)).body).toMatchObject({ error: { code: 'invalid_api_key' } })
    expect((await answer('openai-chat', unknown, 'litellm')).body).toMatchObject({ error: { code: '401' } })
  })
})

describe('headers', () => {
  async function headersOf(surface: ErrorSurface, error: GatewayError): Promise<Record<string, string>> {
    return Object.fromEntries((await answer(surface, error)).headers)
  }

  it('say whose error it is and which request it was', async () => {
    const own = await headersOf('openai-chat', new GatewayError('invalid_request', 'x'))
    expect(own).toMatchObject({
      'x-routeiq-error-origin': 'gateway',
      'x-request-id': 'r-1',
      'content-type': 'application/json',
    })
    expect(own['retry-after']).toBeUndefined()
    const theirs = await headersOf('openai-chat', new GatewayError('upstream_error', 'x'))
    expect(theirs['x-routeiq-error-origin']).toBe('upstream')
  })

  it.each([
    ['rate_limit_exceeded', undefined, '1'],
    ['rate_limit_exceeded', 0, '1'],
    ['rate_limit_exceeded', 2.2, '3'],
    ['draining', 1, '1'],
    ['invalid_request', 7, '7'],
    ['invalid_request', undefined, undefined],
  ] as const)('retry-after of %s after %s', async (code, retryAfterSeconds, expected) => {
    const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
    const headers = await headersOf('openai-chat', new GatewayError(code, 'x', options))
    expect(headers['retry-after']).toBe(expected)
  })

  it('challenge the caller for its own key only', async () => {
    const headers = await headersOf('openai-chat', new GatewayError('invalid_api_key', 'x'))
    expect(headers['www-authenticate']).toBe('Bearer')
    const upstream = await headersOf('openai-chat', new GatewayError('upstream_authentication_error', 'x'))
    expect(upstream['www-authenticate']).toBeUndefined()
  })

  it('tell clients not to repeat what a budget refused, and carry what the error brings', async () => {
    const options = { headers: { 'x-more': 'yes' } }
    const headers = await headersOf('openai-chat', new GatewayError('budget_exceeded', 'x', options))
    expect(headers).toMatchObject({ 'x-should-retry': 'false', 'x-more': 'yes' })
  })

  it('name the request as Anthropic does', async () => {
    const headers = await headersOf('anthropic-messages', new GatewayError('invalid_request', 'x'))
    expect(headers['request-id']).toBe('r-1')
  })
})

describe('toGatewayError', () => {
  it.each([new Error('secret detail'), 'secret detail', null, undefined])('hides %s', (thrown) => {
    const error = toGatewayError(thrown)
    expect([error.code, error.status, error.cause]).toEqual(['internal_error', 500, thrown])
    expect(error.message).not.toContain('secret')
  })

  it('keeps what is one already', () => {
    const error = new GatewayError('draining', 'x')
    expect(toGatewayError(error)).toBe(error)
  })
})
