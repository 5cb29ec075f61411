import { describe, expect, it } from 'vitest'
import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { plainReplyContext } from '../reply-context.ts'
import { cohereWire } from './cohere.ts'

const error = (message: string) => ({ id: 'e', message })

describeWireContract({
  wire: cohereWire,
  provider: findProvider('cohere')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: {
    COMPLETE: 'stop',
    STOP_SEQUENCE: 'stop',
    MAX_TOKENS: 'length',
    TOOL_CALL: 'tool-calls',
    ERROR_TOXIC: 'content-filter',
    SOMETHING_NEW: 'stop',
  },
  answerWithFinish: (finish_reason) => ({
    message: { content: [{ type: 'text', text: 'x' }] },
    finish_reason,
  }),
  deviations: {
    refusal: { why: 'a model’s refusal is plain text here', expected: null },
    reasoning: {
      why: 'nothing is signed',
      expected: {
        parts: [
          { type: 'reasoning', text: 'Six times seven.', signature: null, redacted: null },
          { type: 'text', text: '42.' },
        ],
        finish: 'stop',
      },
    },
  },
  cachedUsage: { cacheWriteTokens: 0, reasoningTokens: 0 },
  errors: [
    {
      status: 400,
      body: error('invalid request: all elements in history must have a message'),
      kind: 'bad_request',
    },
    {
      status: 400,
      body: error('too many tokens: total number of tokens in the prompt cannot exceed 128000'),
      kind: 'context_window',
    },
    { status: 401, body: error('invalid api token'), kind: 'authentication' },
    { status: 403, body: error('Forbidden'), kind: 'permission' },
    { status: 404, body: error("model 'none' not found"), kind: 'not_found' },
    { status: 422, body: error('invalid type: parameter k is of type string'), kind: 'unprocessable' },
    { status: 429, body: error('You are using a Trial key, which is limited'), kind: 'rate_limit' },
    { status: 500, body: error('internal server error'), kind: 'server_error' },
    { status: 503, body: error('Service unavailable'), kind: 'unavailable' },
  ],
  streamError: {
    text: 'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"generation failed"}}\n\n',
    kind: 'server_error',
  },
})

describe('answers of Cohere', () => {
  it('give the plan of a tool call as thinking, and citations with their text', () => {
    const native = { start: 0, end: 4, text: 'Yes.', sources: [{ type: 'document', id: 'd' }] }
    const reply = cohereWire.decodeReply(
      {
        id: 'c',
        message: {
          role: 'assistant',
          tool_plan: 'I will look.',
          content: [{ type: 'text', text: 'Yes.' }],
          citations: [native],
        },
        finish_reason: 'COMPLETE',
      },
      plainReplyContext,
    )
    expect(reply.choices[0]?.parts).toEqual([
      { type: 'reasoning', text: 'I will look.', signature: null, redacted: null },
      { type: 'text', text: 'Yes.', citations: [{ url: null, title: null, citedText: 'Yes.', native }] },
    ])
  })

  it('are failures when they ended in an error or a timeout', () => {
    expect(cohereWire.findFailure({ message: {}, finish_reason: 'ERROR' })).toMatchObject({
      kind: 'server_error',
    })
    expect(cohereWire.findFailure({ message: {}, finish_reason: 'TIMEOUT' })).toMatchObject({
      kind: 'request_timeout',
    })
    expect(cohereWire.findFailure({ message: {}, finish_reason: 'COMPLETE' })).toBeNull()
  })
})

describe('addresses of Cohere', () => {
  const paths = (base: string) =>
    cohereWire.pathsFor({ upstreamModel: 'm', account: {}, base: new URL(base) })

  it('are those of version 2, not of its imitation of OpenAI', () => {
    expect(paths('https://api.cohere.com/v2')).toMatchObject({ chat: '/chat', embedding: '/embed' })
    expect(() => paths('https://api.cohere.ai/compatibility/v1')).toThrow(/openai\/<model>/)
  })
})
