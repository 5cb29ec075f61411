import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readRequestOptions } from './request-options.ts'
import { sampleExchange } from './testing/sample-request.ts'

const read = (body: Record<string, unknown>, headers: IncomingHttpHeaders = {}) =>
  readRequestOptions(body, sampleExchange(headers))

it('asks for nothing by default', () => {
  expect(read({ model: 'm', metadata: 'x', litellm_metadata: null })).toEqual({
    fallbacks: null,
    contextWindowFallbacks: null,
    contentPolicyFallbacks: null,
    disableFallbacks: false,
    numRetries: null,
    timeoutMs: null,
    streamTimeoutMs: null,
    tags: [],
    endUser: null,
    sessionId: null,
    includeCost: false,
    mockResponse: null,
    mockFailure: null,
  })
})

describe('numbers', () => {
  it.each([
    ['timeout', 'x-litellm-timeout', 'timeoutMs', 1_000],
    ['stream_timeout', 'x-litellm-stream-timeout', 'streamTimeoutMs', 1_000],
    ['num_retries', 'x-litellm-num-retries', 'numRetries', 1],
  ] as const)('%s comes from the body, else from %s', (member, header, option, unit) => {
    expect(read({ [member]: 2.5 })[option]).toBe(2.5 * unit)
    expect(read({ [member]: '3' })[option]).toBe(3 * unit)
    expect(read({ [member]: 0 }, { [header]: '9' })[option]).toBe(0)
    expect(read({}, { [header]: ' 4 ' })[option]).toBe(4 * unit)
    expect(read({ [member]: null }, { [header]: '4' })[option]).toBe(4 * unit)
  })

  it.each([-1, '-1', 'soon', '', ' ', true, {}, [], [5], '1e999'])(
    'refuses %j, naming the member',
    (value) => {
      for (const body of [{ timeout: value }, { stream_timeout: value }, { num_retries: value }]) {
        const [param] = Object.keys(body)
        expect(() => read(body)).toThrow(
          expect.objectContaining({ code: 'invalid_request', options: { param } }),
        )
      }
    },
  )

  it.each(['', 'soon', '-1'])('refuses the header %j', (value) => {
    expect(() => read({}, { 'x-litellm-timeout': value })).toThrow('`timeout` must be a number')
  })
})

describe('fallbacks', () => {
  it.each([
    ['fallbacks', 'fallbacks'],
    ['context_window_fallbacks', 'contextWindowFallbacks'],
    ['content_policy_fallbacks', 'contentPolicyFallbacks'],
  ] as const)('%s are names and objects that have one', (member, option) => {
    const target = { model: 'b', temperature: 0 }
    expect(read({ [member]: ['a', target] })[option]).toEqual(['a', target])
    expect(read({ [member]: 'a' })[option]).toEqual(['a'])
    expect(read({ [member]: [] })[option]).toEqual([])
    expect(read({ [member]: null })[option]).toBeNull()
    for (const wrong of [[1], ['a', {}], [{ a: ['b'] }], [null], 7])
      expect(() => read({ [member]: wrong })).toThrow(`\`${member}[`)
  })

  it('can be switched off, by true alone', () => {
    expect(
      [true, 'true', 1, false].map((value) => read({ disable_fallbacks: value }).disableFallbacks),
    ).toEqual([true, false, false, false])
  })
})

describe('tags', () => {
  it.each([
    [{ tags: ['a', 'b', 'a', '', 7] }, undefined, ['a', 'b']],
    [{ metadata: { tags: ['a'] } }, undefined, ['a']],
    [{ litellm_metadata: { tags: ['a'] } }, undefined, ['a']],
    [{ tags: ['a'], metadata: { tags: ['b'] } }, undefined, ['a']],
    [{ tags: ['a'] }, 'b, a,,c ', ['a', 'b', 'c']],
    [{}, 'b', ['b']],
    [{ tags: 'a' }, undefined, []],
  ])('of %j and the header %j', (body, header, tags) => {
    expect(read(body, header === undefined ? {} : { 'x-litellm-tags': header }).tags).toEqual(tags)
  })
})

describe('who and what', () => {
  it.each([
    [{ user: 'body' }, {}, 'body'],
    [{ user: 'body' }, { 'x-litellm-end-user-id': 'header' }, 'header'],
    [
      { user: 'body' },
      { 'x-litellm-customer-id': 'customer', 'x-litellm-end-user-id': 'header' },
      'customer',
    ],
    [{ metadata: { user_id: 'anthropic' } }, {}, 'anthropic'],
    [{ user: 'u'.repeat(500) }, {}, 'u'.repeat(256)],
    [{ user: 7 }, {}, null],
    [{ user: '' }, {}, null],
  ])('the end user of %j and %j', (body, headers, endUser) => {
    expect(read(body, headers).endUser).toBe(endUser)
  })

  it('a session by either of its names', () => {
    expect(read({}, { 'x-litellm-trace-id': 't' }).sessionId).toBe('t')
    expect(read({}, { 'x-litellm-trace-id': 't', 'x-litellm-session-id': 's' }).sessionId).toBe('s')
  })

  it.each([
    ['mock_testing_fallbacks', 'general'],
    ['mock_testing_context_fallbacks', 'context_window'],
    ['mock_testing_content_policy_fallbacks', 'content_policy'],
    ['mock_testing_rate_limit_error', 'rate_limit'],
  ])('%s asks for a failure', (member, failure) => {
    expect(read({ [member]: true }).mockFailure).toBe(failure)
    expect(read({ [member]: 'yes' }).mockFailure).toBeNull()
  })

  it('a mock answer is a text', () => {
    expect(read({ mock_response: 'x' }).mockResponse).toBe('x')
    expect(read({ mock_response: { a: 1 } }).mockResponse).toBeNull()
  })
})
