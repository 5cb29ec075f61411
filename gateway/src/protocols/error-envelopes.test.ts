import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { renderError } from './error-envelopes.ts'
import { formatChatStreamError } from './openai-chat/format-error.ts'

const rendering = { requestId: 'req-1', codeStyle: 'symbolic' } as const

describe('renderError', () => {
  it('writes all four keys of the OpenAI envelope and the request id', () => {
    const error = new GatewayError('invalid_api_key', 'No key')
    expect(renderError('openai-chat', error, rendering)).toEqual({
      status: 401,
      body: {
        error: { message: 'No key', type: 'authentication_error', param: null, code: 'invalid_api_key' },
        request_id: 'req-1',
      },
    })
  })

  it('writes pure status strings in the litellm style', () => {
    const error = new GatewayError('invalid_api_key', 'No key')
    const { body } = renderError('openai-chat', error, { ...rendering, codeStyle: 'litellm' })
    expect(body['error']).toMatchObject({ code: '401' })
  })

  it('names the exception class, the field and the provider fields of an upstream error', () => {
    const error = new GatewayError('context_length_exceeded', 'OpenAIException - too long', {
      exceptionName: 'ContextWindowExceededError',
      param: 'messages',
      providerSpecificFields: { code: 'x' },
    })
    expect(renderError('openai-chat', error, rendering).body['error']).toEqual({
      message: 'litellm.ContextWindowExceededError: OpenAIException - too long',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
      provider_specific_fields: { code: 'x' },
    })
  })

  it.each([
    ['Too long.', 'prompt is too long: litellm.ContextWindowExceededError: Too long.'],
    ['prompt is too long: 9 tokens', 'litellm.ContextWindowExceededError: prompt is too long: 9 tokens'],
  ])('says in the words agents look for on Messages that a prompt does not fit: %s', (text, expected) => {
    const error = new GatewayError('context_length_exceeded', text, {
      exceptionName: 'ContextWindowExceededError',
    })
    expect(renderError('anthropic-messages', error, rendering).body['error']).toMatchObject({
      message: expected,
    })
  })

  it('shows an overridden status in a numeric code', () => {
    const error = new GatewayError('invalid_request', 'x', { status: 415 })
    expect(renderError('openai-chat', error, rendering)).toMatchObject({
      status: 415,
      body: { error: { code: '415' } },
    })
  })

  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['invalid_api_key', 401, 'authentication_error'],
    ['key_model_access_denied', 403, 'permission_error'],
    ['not_found', 404, 'not_found_error'],
    ['timeout', 408, 'timeout_error'],
    ['request_too_large', 413, 'request_too_large'],
    ['unprocessable', 422, 'invalid_request_error'],
    ['rate_limit_exceeded', 429, 'rate_limit_error'],
    ['budget_exceeded', 429, 'rate_limit_error'],
    ['no_deployments_available', 429, 'overloaded_error'],
    ['upstream_error', 500, 'api_error'],
    ['draining', 503, 'overloaded_error'],
  ] as const)('writes %s in Anthropic terms', (code, status, type) => {
    const rendered = renderError('anthropic-messages', new GatewayError(code, 'text'), rendering)
    expect(rendered).toMatchObject({
      status,
      body: { type: 'error', error: { type, message: 'text' }, request_id: 'req-1' },
    })
  })

  it('keeps 529 only where its clients know it', () => {
    const error = new GatewayError('upstream_unavailable', 'busy', { status: 529 })
    expect(renderError('anthropic-messages', error, rendering).status).toBe(529)
    expect(renderError('openai-chat', error, rendering).status).toBe(503)
    expect(renderError('google-generate', error, rendering).body).toEqual({
      error: { code: 503, message: 'busy', status: 'UNAVAILABLE', details: [] },
    })
  })

  it('adds the detail object of a denial', () => {
    const error = new GatewayError('rate_limit_exceeded', 'text', { extras: { limit: 5 } })
    expect(renderError('openai-chat', error, rendering).body['detail']).toEqual({
      error: 'rate_limit_exceeded',
      message: 'text',
      request_id: 'req-1',
      limit: 5,
    })
  })

  it('ends a stream with the error and no terminator', () => {
    const text = formatChatStreamError(new GatewayError('upstream_error', 'cut'), rendering)
    expect(text).toMatch(/^data: \{"error":\{.*\}\n\n$/)
    expect(text).not.toContain('[DONE]')
  })
})
