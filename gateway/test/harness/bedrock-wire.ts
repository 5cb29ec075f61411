import { encodeEvent, encodeException } from '../../src/protocols/aws-event-stream.fixture.ts'
import type { ChatAnswer } from './openai-wire.ts'
import { answerTokens, promptTokens, type WireMock, wordsOf } from './wire-mock.ts'

const usage = {
  inputTokens: promptTokens,
  outputTokens: answerTokens,
  totalTokens: promptTokens + answerTokens,
}

/** Bedrock's Converse and its binary stream. */
export const bedrockMock: WireMock = {
  owns: (path) => path.startsWith('/model/'),
  wantsStream: ({ path }) => path.endsWith('/converse-stream'),
  streamType: 'application/vnd.amazon.eventstream',
  whole: (answer, request) =>
    request.path.endsWith('/invoke') ? embeddings(request.json) : converse(answer),
  pieces: (answer) => [
    encodeEvent('messageStart', { role: 'assistant' }),
    ...(answer.toolCalls === undefined ? textEvents(answer) : callEvents(answer)),
    encodeEvent('messageStop', { stopReason: reasonOf(answer) }),
    encodeEvent('metadata', { usage, metrics: { latencyMs: 5 } }),
  ],
  errorBody: (message) => ({ message }),
  streamError: (message) => encodeException('modelStreamErrorException', message),
}

function converse(answer: ChatAnswer): object {
  return {
    output: { message: { role: 'assistant', content: blocksOf(answer) } },
    stopReason: reasonOf(answer),
    usage,
    metrics: { latencyMs: 5 },
  }
}

/** Titan's form for `inputText`, else Cohere's. */
function embeddings({ inputText, texts, output_dimension }: Readonly<Record<string, unknown>>): object {
  if (typeof inputText === 'string') return { embedding: [0.5, -0.25, 0.125], inputTextTokenCount: 5 }
  const count = Array.isArray(texts) ? texts.length : 0
  const vectors = Array.from({ length: count }, (_, index) => [index + 0.5, -0.25, 0.125])
  // Models with vectors of several lengths name their form.
  const embeddings = output_dimension === undefined ? vectors : { float: vectors }
  return { id: 'upstream', response_type: 'embeddings_floats', embeddings, texts }
}

function blocksOf(answer: ChatAnswer): object[] {
  if (answer.toolCalls === undefined) return [{ text: wordsOf(answer).join('') }]
  return answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
    toolUse: { toolUseId: id ?? `tooluse_${index}`, name, input: JSON.parse(text) as unknown },
  }))
}

/** A block of text begins without a start. */
function textEvents(answer: ChatAnswer): Buffer[] {
  return [
    ...wordsOf(answer).map((text) =>
      encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }),
    ),
    encodeEvent('contentBlockStop', { contentBlockIndex: 0 }),
  ]
}

function callEvents({ toolCalls = [] }: ChatAnswer): Buffer[] {
  return toolCalls.flatMap(({ id, name, arguments: text }, contentBlockIndex) => {
    const start = { toolUse: { toolUseId: id ?? `tooluse_${contentBlockIndex}`, name } }
    const halves = [text.slice(0, 5), text.slice(5)]
    return [
      encodeEvent('contentBlockStart', { contentBlockIndex, start }),
      ...halves.map((input) =>
        encodeEvent('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } }),
      ),
      encodeEvent('contentBlockStop', { contentBlockIndex }),
    ]
  })
}

function reasonOf({ finishReason, toolCalls }: ChatAnswer): string {
  return finishReason ?? (toolCalls === undefined ? 'end_turn' : 'tool_use')
}
