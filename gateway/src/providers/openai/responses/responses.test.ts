import { describeWireContract } from '../../contract.suite.ts'
import { findProvider } from '../../registry.ts'
import { responsesWire } from './responses.ts'

const error = (message: string, type = 'invalid_request_error', code: string | null = null) => ({
  error: { message, type, param: null, code },
})

describeWireContract({
  wire: responsesWire,
  provider: findProvider('openai')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: {
    completed: 'stop',
    max_output_tokens: 'length',
    content_filter: 'content-filter',
  },
  answerWithFinish: (word) => ({
    id: 'resp_1',
    model: 'm',
    status: 'incomplete',
    incomplete_details: word === 'completed' ? null : { reason: word },
    ...(word === 'completed' ? { status: word } : {}),
    output: [
      { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] },
    ],
  }),
  errors: [
    { status: 400, body: error('Unknown parameter'), kind: 'bad_request' },
    {
      status: 400,
      body: error('too long', 'invalid_request_error', 'context_length_exceeded'),
      kind: 'context_window',
    },
    { status: 401, body: error('Incorrect API key provided'), kind: 'authentication' },
    { status: 404, body: error('The model does not exist'), kind: 'not_found' },
    { status: 429, body: error('Rate limit reached'), kind: 'rate_limit' },
    {
      status: 429,
      body: error('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      kind: 'quota_exhausted',
    },
    { status: 500, body: error('The server had an error', 'server_error'), kind: 'server_error' },
    { status: 503, body: { error: 'overloaded' }, kind: 'unavailable' },
  ],
  streamError: {
    text: 'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"Rate limit reached","param":null,"sequence_number":0}\n\n',
    kind: 'rate_limit',
  },
})
