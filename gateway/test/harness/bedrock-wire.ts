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
  whole: (answer) => ({
    output: { message: { role: 'assistant', content: blocksOf(answer) } },
    stopReason: reasonOf(answer),
    usage,
    metrics: { latencyMs: 5 },
  }),
  pieces: (answer) => [
    encodeEvent('messageStart', { role: 'assistant' }),
    ...(answer.toolCalls === undefined ? textEvents(answer) : callEvents(answer)),
    encodeEvent('messageStop', { stopReason: reasonOf(answer) }),
    encodeEvent('metadata', { usage, metrics: { latencyMs: 5 } }),
  ],
  errorBody: (message) => ({ message }),
  streamError: (message) => encodeException('modelStreamErrorException', message),
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
