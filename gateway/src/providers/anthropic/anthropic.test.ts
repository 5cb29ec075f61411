import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { anthropicWire } from './anthropic.ts'

const error = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_1',
})

describeWireContract({
  wire: anthropicWire,
  provider: findProvider('anthropic')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool-calls',
    refusal: 'content-filter',
    pause_turn: 'pause',
    something_new: 'stop',
  },
  answerWithFinish: (word) => ({
    id: 'm',
    type: 'message',
    content: [{ type: 'text', text: 'x' }],
    stop_reason: word,
  }),
  errors: [
    { status: 400, body: error('invalid_request_error', 'messages: field required'), kind: 'bad_request' },
    {
      status: 400,
      body: error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      kind: 'context_window',
    },
    {
      status: 400,
      body: error('invalid_request_error', 'input length and `max_tokens` exceed context limit: 1 + 2 > 2'),
      kind: 'context_window',
    },
    {
      status: 400,
      body: error('invalid_request_error', 'Output blocked by content filtering policy'),
      kind: 'content_policy',
    },
    {
      status: 400,
      body: error('invalid_request_error', 'Your credit balance is too low to access the API'),
      kind: 'quota_exhausted',
    },
    { status: 401, body: error('authentication_error', 'invalid x-api-key'), kind: 'authentication' },
    { status: 402, body: error('billing_error', 'Pay first'), kind: 'quota_exhausted' },
    { status: 403, body: error('permission_error', 'Not allowed'), kind: 'permission' },
    { status: 404, body: error('not_found_error', 'model: claude-none'), kind: 'not_found' },
    { status: 413, body: error('request_too_large', 'Too large'), kind: 'bad_request' },
    { status: 429, body: error('rate_limit_error', 'Slow down'), kind: 'rate_limit' },
    { status: 500, body: error('api_error', 'Internal server error'), kind: 'server_error' },
    { status: 504, body: error('timeout_error', 'Timed out'), kind: 'server_error' },
    { status: 529, body: error('overloaded_error', 'Overloaded'), kind: 'unavailable' },
  ],
  streamError: {
    text: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    kind: 'unavailable',
  },
})
