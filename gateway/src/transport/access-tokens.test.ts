import { beforeEach, describe, expect, it } from 'vitest'
import { HeaderFields } from '../http1/header-fields.ts'
import { AccessTokens } from './access-tokens.ts'
import type { TokenGrant } from './authorization.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

const minute = 60_000
const idleCall: UpstreamCall = { cancel: () => {}, resume: () => {} }

/** A token endpoint that answers when the test says so. */
class TokenEndpoint implements Transport {
  readonly calls: { readonly request: UpstreamRequest; readonly sink: UpstreamSink }[] = []

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    this.calls.push({ request, sink })
    return idleCall
  }

  answer(status: number, body: string): void {
    const sink = this.calls.at(-1)?.sink
    sink?.onHeaders(status, new HeaderFields())
    sink?.onData(Buffer.from(body))
    sink?.onEnd()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const grant = (account: string): TokenGrant => ({
  kind: 'token',
  account,
  steps: [
    {
      kind: 'call',
      createRequest: (now) => ({
        origin: 'https://login.example.com',
        method: 'POST',
        path: '/token',
        headers: [],
        body: Buffer.from(`now=${now}`),
      }),
    },
  ],
})
const token = (text: string, expires_in: unknown = 3600) => JSON.stringify({ access_token: text, expires_in })
let now: number
let endpoint: TokenEndpoint
let tokens: AccessTokens

beforeEach(() => {
  now = 1_000_000
  endpoint = new TokenEndpoint()
  tokens = new AccessTokens(
    endpoint,
    () => now,
    () => Promise.reject(new Error('no file')),
  )
})

async function obtain(text: string, expiresIn?: unknown): Promise<string> {
  const pending = tokens.get(grant('a'))
  endpoint.answer(200, token(text, expiresIn))
  return pending
}

describe('AccessTokens', () => {
  it('asks once for requests that come together, and keeps the answer', async () => {
    const both = [tokens.get(grant('a')), tokens.get(grant('a'))]
    expect(endpoint.calls).toHaveLength(1)
    expect(endpoint.calls[0]?.request.body?.toString()).toBe('now=1000000')
    endpoint.answer(200, token('first'))
    expect(await Promise.all(both)).toEqual(['first', 'first'])
    now += 54 * minute
    expect(await tokens.get(grant('a'))).toBe('first')
    expect(endpoint.calls).toHaveLength(1)
  })

  it('keeps accounts apart', async () => {
    await obtain('first')
    const other = tokens.get(grant('b'))
    endpoint.answer(200, token('second'))
    expect(await other).toBe('second')
    expect(await tokens.get(grant('a'))).toBe('first')
  })

  it('replaces a token five minutes before its end without making anyone wait', async () => {
    await obtain('first')
    now += 55 * minute
    expect(await tokens.get(grant('a'))).toBe('first')
    expect(await tokens.get(grant('a'))).toBe('first')
    expect(endpoint.calls).toHaveLength(2)
    endpoint.answer(200, token('second'))
    await Promise.resolve()
    await new Promise(setImmediate)
    expect(await tokens.get(grant('a'))).toBe('second')
  })

  it('goes on with the old token while a refresh fails, and tries again after a pause', async () => {
    await obtain('first')
    now += 56 * minute
    await tokens.get(grant('a'))
    endpoint.answer(500, '')
    await new Promise(setImmediate)
    expect(await tokens.get(grant('a'))).toBe('first')
    expect(endpoint.calls).toHaveLength(2)
    now += 10_000
    expect(await tokens.get(grant('a'))).toBe('first')
    expect(endpoint.calls).toHaveLength(3)
  })

  it('waits for a new one when the old has ended', async () => {
    await obtain('first')
    now += 60 * minute
    expect(await obtain('second')).toBe('second')
  })

  it.each([
    ['a short life', 60, 29_000, 31_000],
    ['a life given as text', '3600', 54 * minute, 56 * minute],
    ['no life', undefined, 149_000, 151_000],
  ])('refreshes a token with %s in time', async (_, expiresIn, before, later) => {
    const pending = tokens.get(grant('a'))
    endpoint.answer(200, JSON.stringify({ access_token: 'first', expires_in: expiresIn }))
    await pending
    now += before
    await tokens.get(grant('a'))
    expect(endpoint.calls).toHaveLength(1)
    now += later - before
    await tokens.get(grant('a'))
    expect(endpoint.calls).toHaveLength(2)
  })

  it('asks anew after the provider refused the token, but only for that token', async () => {
    await obtain('first')
    tokens.forget(grant('a'), 'older')
    expect(await tokens.get(grant('a'))).toBe('first')
    tokens.forget(grant('a'), 'first')
    expect(await obtain('second')).toBe('second')
  })

  it.each([
    [
      401,
      '{"error":"invalid_client","error_description":"secret things"}',
      401,
      /status 401, invalid_client\)$/,
    ],
    [200, '{}', 502, /status 200\)$/],
    [200, '<html>', 502, /gave no token/],
    [503, '', 503, /status 503\)$/],
    [400, '{"error":"<b>x</b>"}', 400, /status 400\)$/],
  ])('says what the endpoint said, without its texts: %d %s', async (status, body, told, message) => {
    const pending = tokens.get(grant('a'))
    endpoint.answer(status, body)
    await expect(pending).rejects.toMatchObject({ status: told, message: expect.stringMatching(message) })
    expect(await obtain('next')).toBe('next')
  })

  it('tells an endpoint that cannot be reached', async () => {
    const pending = tokens.get(grant('a'))
    endpoint.calls[0]?.sink.onFailure(new Error('ECONNREFUSED 10.0.0.1'))
    await expect(pending).rejects.toMatchObject({
      status: 0,
      message: 'The token endpoint could not be reached',
    })
  })
})
