import { describe, expect, it } from 'vitest'
import { HeaderFields } from '../http1/header-fields.ts'
import { findWire } from '../providers/registry.ts'
import { joinPath } from './join-path.ts'
import type { PassThroughTarget } from './pass-through-target.ts'
import { readModel } from './read-model.ts'
import { buildClientHeaders, buildUpstreamHeaders } from './upstream-headers.ts'
import { UsageTap } from './usage-tap.ts'

const target: PassThroughTarget = {
  prefix: '/openai_passthrough',
  provider: 'openai',
  origin: 'https://api.openai.com',
  basePath: '',
  search: '',
  headers: ['authorization', 'Bearer operator'],
  authorization: null,
  forwardsHeaders: true,
  includesSubpaths: true,
  costPerRequest: null,
  adjustment: null,
  wire: null,
  dialect: 'openai-chat',
}
const join = (path: string, patch: Partial<PassThroughTarget> = {}, root = '') =>
  joinPath({ ...target, ...patch }, path, root)

describe('joinPath', () => {
  it.each([
    ['/openai_passthrough/v1/models', {}, '/v1/models'],
    ['/openai_passthrough/v1/models?a=1&a=2', {}, '/v1/models?a=1&a=2'],
    ['/openai_passthrough/v1/a%2Fb%20c?x=%26', {}, '/v1/a%2Fb%20c?x=%26'],
    ['/openai_passthrough/v1/models', { basePath: '/v1' }, '/v1/models'],
    ['/openai_passthrough/v1beta/models', { basePath: '/v1' }, '/v1beta/models'],
    ['/openai_passthrough/files', { basePath: '/v1' }, '/v1/files'],
    ['/openai_passthrough/v1/models', { basePath: '/proxy/v1' }, '/proxy/v1/models'],
    ['/openai_passthrough/x?b=2', { search: '?a=1' }, '/x?a=1&b=2'],
    ['/openai_passthrough/x?key=secret&KEY=s&k%65y=s&b=2', {}, '/x?b=2'],
    ['/openai_passthrough/x?%ZZ=1', {}, '/x'],
    ['/openai_passthrough', {}, '/'],
  ])('%s with %j is %s', (path, patch, expected) => {
    expect(join(path, patch)).toEqual({ origin: 'https://api.openai.com', path: expected })
  })

  it('leaves the gateway’s own root out', () => {
    expect(join('/gw/openai_passthrough/v1/x', {}, '/gw').path).toBe('/v1/x')
  })

  it.each([
    '/%6fpenai_passthrough/v1',
    '/openai_passthroughx/v1',
    '/openai_passthrough/a\\b',
    '/openai_passthrough/a#b',
    '/openai_passthrough/a b',
    '/openai_passthrough/ä',
  ])('refuses %s', (path) => {
    expect(() => join(path)).toThrow('Not Found')
  })

  it('stays at an endpoint without subpaths', () => {
    const patch = { prefix: '/search', basePath: '/api', includesSubpaths: false }
    expect(join('/search/', patch).path).toBe('/api/')
    expect(() => join('/search/x', patch)).toThrow('Not Found')
  })

  it('finds the host of a location, and no other host', () => {
    const vertex = { prefix: '/vertex_ai', origin: null }
    const path = (location: string) =>
      `/vertex_ai/v1/projects/p/locations/${location}/publishers/google/models/m:x`
    expect(join(path('europe-west1'), vertex).origin).toBe('https://europe-west1-aiplatform.googleapis.com')
    expect(join(path('global'), vertex).origin).toBe('https://aiplatform.googleapis.com')
    for (const location of ['evil.example%23', 'a.b', 'a@b', 'A', ''])
      expect(() => join(path(location), vertex)).toThrow()
  })
})

describe('headers', () => {
  const client = {
    authorization: 'Bearer sk-client',
    'x-api-key': 'sk-client',
    'x-litellm-tags': 'a',
    'x-forwarded-for': '10.0.0.1',
    'x-tricky': 'contains sk-client inside',
    'accept-encoding': 'gzip',
    host: 'gateway',
    cookie: 'a=b',
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'x-mine': '1',
  }

  it('go on without any credential', () => {
    expect(buildUpstreamHeaders(client, target, null, null)).toEqual([
      ...['content-type', 'application/json', 'anthropic-version', '2023-06-01', 'x-mine', '1'],
      ...['authorization', 'Bearer operator'],
    ])
  })

  it('stay here where the operator wants none, and a configured key header always does', () => {
    const plain = { ...target, forwardsHeaders: false }
    expect(buildUpstreamHeaders({ ...client, 'x-own-key': 'sk-other' }, plain, 'x-own-key', null)).toEqual([
      ...['content-type', 'application/json', 'authorization', 'Bearer operator'],
    ])
  })

  it('of an answer come back without cookies, challenges and frames', () => {
    const upstream = {
      'content-type': 'x',
      'content-length': '3',
      'set-cookie': 'a',
      'www-authenticate': 'b',
      'access-control-allow-origin': '*',
      'retry-after': '1',
    }
    expect(buildClientHeaders(HeaderFields.from(upstream))).toEqual(['content-type', 'x', 'retry-after', '1'])
  })
})

describe('UsageTap', () => {
  const tap = (wireId: string, type: string) => {
    const wire = findWire(wireId)
    if (wire === null) throw new Error('no wire')
    return new UsageTap(wire, type)
  }
  const events = (...data: object[]) =>
    Buffer.from(data.map((item) => `data: ${JSON.stringify(item)}\n\n`).join(''))
  const sse = 'text/event-stream'

  it('puts the parts of an Anthropic stream together, wherever it is cut', () => {
    const text = events(
      {
        type: 'message_start',
        message: { usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 } },
      },
      { type: 'content_block_delta', delta: { text: '"usage": not this' } },
      { type: 'message_delta', usage: { input_tokens: null, output_tokens: 25 } },
    )
    for (let cut = 0; cut <= text.length; cut += 1) {
      const stream = tap('anthropic', sse)
      stream.push(text.subarray(0, cut))
      stream.push(text.subarray(cut))
      expect(stream.end()).toMatchObject({ inputTokens: 14, cacheReadTokens: 4, outputTokens: 25 })
    }
  })

  it('finds the usage of whole answers and of the Responses API', () => {
    const usage = { input_tokens: 3, output_tokens: 4 }
    const whole = tap('openai', 'application/json')
    whole.push(Buffer.from('{"id":1,'))
    whole.push(Buffer.from(`"usage":${JSON.stringify(usage)}}`))
    expect(whole.end()).toMatchObject({ inputTokens: 3, outputTokens: 4 })
    const stream = tap('openai', sse)
    stream.push(events({ type: 'response.completed', response: { usage } }))
    expect(stream.end()).toMatchObject({ inputTokens: 3, outputTokens: 4 })
  })

  it.each(['', 'no json', '[]', '{}', '{"usage":null}', '{"usage":7}'])('finds none in %j', (text) => {
    const whole = tap('openai', 'application/json')
    whole.push(Buffer.from(text))
    expect(whole.end()).toBeNull()
  })
})

describe('readModel', () => {
  it.each([
    ['{"model":"gpt"}', '/v1/chat/completions', 'gpt'],
    ['', '/v1beta/models/gemini-2.5-pro:generateContent', 'gemini-2.5-pro'],
    ['', '/openai/deployments/my-gpt/chat/completions', 'my-gpt'],
    ['{}', '/model/anthropic.claude%3A1/invoke', 'anthropic.claude:1'],
    ['not json', '/v1/files', null],
    ['{"model":7}', '/v1/files', null],
  ])('of %j and %s is %s', (body, path, model) => {
    expect(readModel(Buffer.from(body), path)).toBe(model)
  })
})
