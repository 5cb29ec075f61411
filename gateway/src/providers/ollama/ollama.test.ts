import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { ollamaWire } from './ollama.ts'

describeWireContract({
  wire: ollamaWire,
  provider: findProvider('ollama_chat')!,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: { stop: 'stop', length: 'length', load: 'stop', unload: 'stop' },
  answerWithFinish: (word) => ({
    model: 'm',
    message: { role: 'assistant', content: 'x' },
    done: true,
    done_reason: word,
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
  cachedUsage: { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  errors: [
    {
      status: 400,
      body: { error: 'registry.ollama.ai/library/x does not support tools' },
      kind: 'bad_request',
    },
    {
      status: 400,
      body: { error: 'the input length exceeds the context length; reduce the length of the input' },
      kind: 'context_window',
    },
    { status: 401, body: { error: 'unauthorized' }, kind: 'authentication' },
    { status: 404, body: { error: "model 'none' not found" }, kind: 'not_found' },
    { status: 429, body: { error: 'too many requests' }, kind: 'rate_limit' },
    { status: 500, body: { error: 'model runner has unexpectedly stopped' }, kind: 'server_error' },
    { status: 503, body: { error: 'server busy, please try again' }, kind: 'unavailable' },
  ],
  streamError: {
    text: '{"error":"an error was encountered while running the model"}\n',
    kind: 'server_error',
  },
})
