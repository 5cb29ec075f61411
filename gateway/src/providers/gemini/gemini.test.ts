import { describe, expect, it } from 'vitest'
import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { geminiWire } from './gemini.ts'

const error = (code: number, status: string, message: string, details: object[] = []) => ({
  error: { code, message, status, details },
})

describeWireContract({
  wire: geminiWire,
  provider: findProvider('gemini')!,
  fixtures: new URL('fixtures/', import.meta.url),
  cachedUsage: { cacheWriteTokens: 0 },
  finishes: {
    STOP: 'stop',
    MAX_TOKENS: 'length',
    SAFETY: 'content-filter',
    RECITATION: 'content-filter',
    BLOCKLIST: 'content-filter',
    PROHIBITED_CONTENT: 'content-filter',
    SPII: 'content-filter',
    IMAGE_SAFETY: 'content-filter',
    MALFORMED_FUNCTION_CALL: 'stop',
    OTHER: 'stop',
  },
  answerWithFinish: (word) => ({
    candidates: [{ content: { parts: [{ text: 'x' }], role: 'model' }, finishReason: word, index: 0 }],
  }),
  errors: [
    { status: 400, body: error(400, 'INVALID_ARGUMENT', 'Invalid value at contents'), kind: 'bad_request' },
    {
      status: 400,
      body: error(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
      ),
      kind: 'context_window',
    },
    {
      status: 400,
      body: error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
      kind: 'authentication',
    },
    { status: 401, body: error(401, 'UNAUTHENTICATED', 'No credentials'), kind: 'authentication' },
    { status: 403, body: error(403, 'PERMISSION_DENIED', 'Not allowed'), kind: 'permission' },
    { status: 404, body: error(404, 'NOT_FOUND', 'models/none is not found'), kind: 'not_found' },
    {
      status: 429,
      body: error(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota', [{ retryDelay: '12.5s' }]),
      kind: 'rate_limit',
    },
    { status: 500, body: error(500, 'INTERNAL', 'Internal error'), kind: 'server_error' },
    { status: 503, body: error(503, 'UNAVAILABLE', 'The model is overloaded'), kind: 'unavailable' },
    { status: 504, body: error(504, 'DEADLINE_EXCEEDED', 'Deadline expired'), kind: 'server_error' },
    // Streams wrap their errors into a list.
    { status: 503, body: [error(503, 'UNAVAILABLE', 'The model is overloaded')], kind: 'unavailable' },
  ],
  streamError: {
    text: 'data: {"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}\n\n',
    kind: 'unavailable',
  },
})

describe('the Gemini wire', () => {
  const base = new URL('https://generativelanguage.googleapis.com/v1beta')
  const pathsFor = (upstreamModel: string) => geminiWire.pathsFor({ upstreamModel, account: {}, base })

  it('names model and streaming in the path', () => {
    expect(pathsFor('gemini-2.5-pro')).toMatchObject({
      chat: '/models/gemini-2.5-pro:generateContent',
      chatStream: '/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    })
    expect(pathsFor('tunedModels/my model').chat).toBe('/tunedModels/my%20model:generateContent')
  })

  it('sends the key in its own header, and none when there is none', () => {
    const provider = findProvider('gemini')!
    expect(geminiWire.authHeaders('k', { provider })).toEqual(['x-goog-api-key', 'k'])
    expect(geminiWire.authHeaders(null, { provider })).toEqual([])
  })

  it('reads how long to wait from the details of a limit', () => {
    const body = JSON.stringify(error(429, 'RESOURCE_EXHAUSTED', 'Slow down', [{ retryDelay: '12.5s' }]))
    expect(geminiWire.decodeError(429, {}, body, findProvider('gemini')!).retryAfterMs).toBe(12_500)
  })

  it('reports a blocked prompt as a refusal by policy', () => {
    const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: {} }
    expect(geminiWire.findFailure(blocked)).toMatchObject({ kind: 'content_policy', status: 400 })
  })

  it('reports a broken call as a failure only while nothing was said', () => {
    const answer = (parts: object[]) => ({
      candidates: [
        { content: { parts }, finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'Bad call' },
      ],
    })
    expect(geminiWire.findFailure(answer([]))).toMatchObject({ kind: 'server_error', message: 'Bad call' })
    expect(geminiWire.findFailure(answer([{ text: 'x' }]))).toBeNull()
  })
})
