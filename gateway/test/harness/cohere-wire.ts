import type { ChatAnswer } from './openai-wire.ts'
import { answerTokens, promptTokens, type WireMock, wordsOf } from './wire-mock.ts'

const id = 'c14c80c3-18eb-4519-9460-6c92edd8cfb4'
const usage = {
  billed_units: { input_tokens: promptTokens, output_tokens: answerTokens },
  tokens: { input_tokens: promptTokens + 500, output_tokens: answerTokens },
}

/** Cohere's `/v2/chat` and `/v2/embed`. */
export const cohereMock: WireMock = {
  owns: (path) => path === '/v2/chat' || path === '/v2/embed',
  wantsStream: ({ json }) => json['stream'] === true,
  streamType: 'text/event-stream',
  whole: (answer, { path, json }) => (path === '/v2/embed' ? embed(json['texts']) : chat(answer)),
  pieces: (answer) => [
    event({
      type: 'message-start',
      id,
      delta: { message: { role: 'assistant', content: [], tool_calls: [] } },
    }),
    ...(answer.toolCalls === undefined ? textEvents(answer) : callEvents(answer)),
    event({ type: 'message-end', delta: { finish_reason: reasonOf(answer), usage } }),
    Buffer.from('data: [DONE]\n\n'),
  ],
  errorBody: (message) => ({ id, message }),
  streamError: (error) => event({ type: 'message-end', delta: { finish_reason: 'ERROR', error } }),
}

function chat(answer: ChatAnswer): object {
  const { toolCalls } = answer
  const text = wordsOf(answer).join('')
  const content =
    toolCalls === undefined ? { content: [{ type: 'text', text }] } : { tool_calls: callsOf(answer) }
  return { id, message: { role: 'assistant', ...content }, finish_reason: reasonOf(answer), usage }
}

function textEvents(answer: ChatAnswer): Buffer[] {
  const content = (text: string) => ({ message: { content: { type: 'text', text } } })
  return [
    event({ type: 'content-start', index: 0, delta: content('') }),
    ...wordsOf(answer).map((text) => event({ type: 'content-delta', index: 0, delta: content(text) })),
    event({ type: 'content-end', index: 0 }),
  ]
}

function callEvents(answer: ChatAnswer): Buffer[] {
  return callsOf(answer).flatMap((call, index) => {
    const { arguments: text } = call.function
    const delta = (tool_calls: object) => ({ message: { tool_calls } })
    const begun = { ...call, function: { ...call.function, arguments: '' } }
    const halves = [text.slice(0, 5), text.slice(5)]
    return [
      event({ type: 'tool-call-start', index, delta: delta(begun) }),
      ...halves.map((half) =>
        event({ type: 'tool-call-delta', index, delta: delta({ function: { arguments: half } }) }),
      ),
      event({ type: 'tool-call-end', index }),
    ]
  })
}

function callsOf({ toolCalls = [] }: ChatAnswer) {
  return toolCalls.map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }))
}

function embed(texts: unknown): object {
  const count = Array.isArray(texts) ? texts.length : 0
  const float = Array.from({ length: count }, (_, index) => [index + 0.5, -0.25, 0.125])
  return { id, embeddings: { float }, texts, meta: { billed_units: { input_tokens: 5 } } }
}

function reasonOf({ finishReason, toolCalls }: ChatAnswer): string {
  return finishReason ?? (toolCalls === undefined ? 'COMPLETE' : 'TOOL_CALL')
}

function event(value: { readonly type: string; readonly [member: string]: unknown }): Buffer {
  return Buffer.from(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`)
}
