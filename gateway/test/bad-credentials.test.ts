import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError, expectErrorHeaders } from './harness/expect-error.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let key: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [deployment('gpt', upstream.openaiBase), deployment('other', upstream.openaiBase)],
      general_settings: { litellm_key_header_name: 'X-Company-Key' },
    },
    env: { ADMIN_API_KEYS: 'sk-admin-one-0123456789,sk-admin-two-0123456789' },
  })
  ;({ key } = await gateway.createKey())
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function chat(headers: Record<string, string>, model = 'gpt'): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { headers, body: { model, messages } })
}

const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` })
const basic = (text: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
})

function expectRefused(answer: Answer, message: string | RegExp, type = 'authentication_error'): void {
  expectError(answer, { status: 401, type, code: 'invalid_api_key', message })
  expect(answer.headers['www-authenticate']).toBe('Bearer')
}

describe('user routes', () => {
  it('refuse a request without a key', async () => {
    const wanted = 'Authentication Error, No api key passed in.'
    expectRefused(await chat({}), wanted)
    expectRefused(await chat({ authorization: 'Bearer ' }), wanted)
    expectRefused(await chat({ authorization: 'Bearer' }), wanted)
    expectRefused(await chat({ 'x-api-key': '' }), wanted)
  })

  it('refuse what is no key', async () => {
    expectRefused(
      await chat({ authorization: key }),
      'Malformed API Key passed in. Ensure Key has `Bearer ` prefix.',
    )
    expectRefused(await chat({ authorization: 'Digest username="x"' }), 'Malformed API Key passed in.')
    expectRefused(
      await chat(bearer('some-other-thing-1234')),
      /LiteLLM Virtual Key expected\. Received=sk-\.\.\.1234, expected to start with 'sk-'\./,
    )
  })

  it('refuse an unknown key without repeating it', async () => {
    const answer = await chat(bearer('sk-unknown-canary-5678'))
    expectRefused(
      answer,
      /Authentication Error, Invalid proxy server token passed\. Received API Key=sk-\.\.\.5678\. Unable to find token/,
    )
    expect(answer.text).not.toContain('canary')
  })

  it('refuse the stored digest of a key', async () => {
    const { key: known, token } = await gateway.createKey()
    expect((await chat(bearer(known))).status).toBe(200)
    expect((await chat(bearer(token))).status).toBe(401)
  })

  it('refuse a key that has expired', async () => {
    const expiring = await gateway.createKey({ duration: '1s' })
    expect((await chat(bearer(expiring.key))).status).toBe(200)
    const answer = await waitUntil('the key has expired', async () => {
      const reply = await chat(bearer(expiring.key))
      return reply.status === 200 ? null : reply
    })
    expectRefused(
      answer,
      /Authentication Error - Expired Key\. Key Expiry time \S+ and current time \S+/,
      'expired_key',
    )
  })

  it('refuse a blocked key from the next request on, and take it again when it is unblocked', async () => {
    const blocked = await gateway.createKey({})
    const change = (action: string): Promise<Answer> =>
      call(gateway.url, `/key/${action}`, { key: masterKey, body: { key: blocked.key } })
    expect((await chat(bearer(blocked.key))).status).toBe(200)
    expect((await change('block')).status).toBe(200)
    expectRefused(await chat(bearer(blocked.key)), 'Key is blocked.', 'auth_error')
    expect((await change('unblock')).status).toBe(200)
    expect((await chat(bearer(blocked.key))).status).toBe(200)
  })

  it('refuse a deleted key from the next request on', async () => {
    const deleted = await gateway.createKey({})
    expect((await chat(bearer(deleted.key))).status).toBe(200)
    await call(gateway.url, '/key/delete', { key: masterKey, body: { keys: [deleted.key] } })
    expectRefused(await chat(bearer(deleted.key)), 'Invalid proxy server token passed.')
  })

  it('refuse a model the key may not use', async () => {
    const limited = await gateway.createKey({ models: ['other'] })
    expect((await chat(bearer(limited.key), 'other')).status).toBe(200)
    expectError(await chat(bearer(limited.key)), {
      status: 403,
      type: 'key_model_access_denied',
      code: 'key_model_access_denied',
      message: /This key can only access models=\['?other'?\]\. Tried to access gpt/,
    })
  })
})

describe('sources of the credential', () => {
  const sources: readonly [string, (value: string) => Record<string, string>][] = [
    ['X-Admin-API-Key', (value) => ({ 'x-admin-api-key': value })],
    ['the configured header', (value) => ({ 'x-company-key': value })],
    ['the configured header with Bearer', (value) => ({ 'x-company-key': `Bearer ${value}` })],
    ['x-litellm-api-key', (value) => ({ 'x-litellm-api-key': value })],
    ['x-routeiq-api-key', (value) => ({ 'x-routeiq-api-key': `Bearer ${value}` })],
    ['Authorization', bearer],
    ['Authorization in lower case', (value) => ({ authorization: `bearer ${value}` })],
    ['Basic, the password', (value) => basic(`someone:${value}`)],
    ['Basic, the user name', (value) => basic(`${value}:`)],
    [
      'an AWS signature',
      (value) => ({ authorization: `AWS4-HMAC-SHA256 Credential=Bearer ${value}/x, Signature=y` }),
    ],
    ['api-key', (value) => ({ 'api-key': value })],
    ['x-api-key', (value) => ({ 'x-api-key': value })],
    ['x-goog-api-key', (value) => ({ 'x-goog-api-key': value })],
    ['Ocp-Apim-Subscription-Key', (value) => ({ 'ocp-apim-subscription-key': value })],
  ]

  it.each(sources)('%s', async (_, headers) => {
    expect((await chat(headers(key))).status).toBe(200)
  })

  it('are tried in order, and an invalid one is not passed over', async () => {
    const order = [
      'x-admin-api-key',
      'x-company-key',
      'x-litellm-api-key',
      'authorization',
      'api-key',
      'x-api-key',
      'x-goog-api-key',
      'ocp-apim-subscription-key',
    ]
    const value = (name: string, text: string): string => (name === 'authorization' ? `Bearer ${text}` : text)
    for (const [index, first] of order.entries()) {
      const second = order[index + 1]
      if (second === undefined) break
      const good = value(second, key)
      const bad = value(first, 'sk-not-a-key-of-this-gateway')
      expect([first, (await chat({ [first]: bad, [second]: good })).status]).toEqual([first, 401])
    }
  })

  it('a key in the query of a chat request is no credential', async () => {
    const answer = await call(gateway.url, `/v1/chat/completions?key=${key}`, {
      body: { model: 'gpt', messages },
    })
    expectRefused(answer, 'No api key passed in.')
  })
})

describe('admin routes', () => {
  const generate = (headers: Record<string, string>): Promise<Answer> =>
    call(gateway.url, '/key/generate', { headers, body: {} })

  it.each([
    ['the master key', masterKey],
    ['the first admin key', 'sk-admin-one-0123456789'],
    ['the second admin key', 'sk-admin-two-0123456789'],
  ])('take %s by either header', async (_, admin) => {
    expect((await generate(bearer(admin))).status).toBe(200)
    expect((await generate({ 'x-admin-api-key': admin })).status).toBe(200)
  })

  it.each([
    ['no key', () => ({}), 401, 'admin_key_required'],
    ['an unknown key', () => bearer('sk-nobody-knows-this-one'), 401, 'invalid_admin_key'],
    ['a user key', () => bearer(key), 403, 'permission_denied'],
  ] as const)('refuse %s', async (_, headers, status, code) => {
    const answer = await generate(headers())
    expect({ status: answer.status, code: answer.json().error.code }).toEqual({ status, code })
    expect(answer.json().detail.error).toBe(code)
    expectErrorHeaders(answer, 'gateway')
  })
})

it('public pages ignore a wrong key', async () => {
  for (const path of ['/_health/live', '/_health/ready', '/health', '/health/liveliness', '/metrics'])
    expect([path, (await call(gateway.url, path, { key: 'sk-wrong' })).status]).toEqual([path, 200])
})

it('never sends the credential of a caller upstream', () => {
  expect(upstream.requests.length).toBeGreaterThan(0)
  expect(JSON.stringify(upstream.requests)).not.toContain(key)
  expect(new Set(upstream.requests.map((request) => request.headers['authorization']))).toEqual(
    new Set(['Bearer sk-upstream']),
  )
})

it('guessing is slowed down and refused, and a valid key never is', async () => {
  const guesses = await Promise.all(
    Array.from({ length: 30 }, (_, index) => chat(bearer(`sk-guess-${index}-0000`))),
  )
  const refused = guesses.filter((guess) => guess.status === 429)
  expect(refused.length).toBeGreaterThanOrEqual(10)
  expect(refused[0]?.headers['retry-after']).toBe('60')
  expect((await chat(bearer(key))).status).toBe(200)
})
