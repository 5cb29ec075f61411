import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { openaiWire } from './openai.ts'

const error = (message: string, type = 'invalid_request_error', code: string | null = null) => ({
  error: { message, type, param: null, code },
})

describeWireContract({
  wire: openaiWire,
  provider: findProvider('openai')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: {
    stop: 'stop',
    length: 'length',
    content_filter: 'content-filter',
    model_length: 'length',
    eos: 'stop',
  },
  answerWithFinish: (word) => ({
    id: 'c',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: word }],
  }),
  errors: [
    { status: 400, body: error('Unknown parameter'), kind: 'bad_request' },
    {
      status: 400,
      body: error('too long', 'invalid_request_error', 'context_length_exceeded'),
      kind: 'context_window',
    },
    {
      status: 400,
      body: error("This model's maximum context length is 8192 tokens."),
      kind: 'context_window',
    },
    {
      status: 400,
      body: error('Your request was rejected as a result of our safety system.'),
      kind: 'content_policy',
    },
    { status: 401, body: error('Incorrect API key provided'), kind: 'authentication' },
    { status: 402, body: error('Insufficient Balance'), kind: 'quota_exhausted' },
    { status: 403, body: error('Country not supported'), kind: 'permission' },
    { status: 404, body: error('The model does not exist'), kind: 'not_found' },
    { status: 408, body: error('Request timed out'), kind: 'request_timeout' },
    { status: 409, body: error('Conflict'), kind: 'conflict' },
    { status: 413, body: error('Too large'), kind: 'bad_request' },
    {
      status: 422,
      body: { detail: [{ loc: ['body', 'n'], msg: 'Input should be 1' }] },
      kind: 'unprocessable',
    },
    { status: 429, body: error('Rate limit reached'), kind: 'rate_limit' },
    {
      status: 429,
      body: error('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      kind: 'quota_exhausted',
    },
    { status: 500, body: error('The server had an error', 'server_error'), kind: 'server_error' },
    { status: 502, body: { message: 'bad gateway' }, kind: 'server_error' },
    { status: 503, body: { error: 'overloaded' }, kind: 'unavailable' },
    { status: 504, body: error('timeout'), kind: 'server_error' },
  ],
  streamError: {
    text: 'data: {"error":{"message":"Rate limit reached","type":"rate_limit_error","code":"rate_limit_exceeded"}}\n\n',
    kind: 'rate_limit',
  },
})
