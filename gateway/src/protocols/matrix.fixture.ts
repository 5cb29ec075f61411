import { collectReply } from '../conversation/collect-reply.ts'
import type { DialectId } from '../conversation/dialect.ts'
import type { Part } from '../conversation/part.ts'
import type { ConversationReply, FinishReason } from '../conversation/reply.ts'
import { sampleRequest } from '../conversation/request.fixture.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { ReplyEvent } from '../conversation/stream-event.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { Wire } from '../providers/wire.ts'
import { createStreamParser } from '../relay/framing.ts'
import type { StreamFormatter } from './protocol.ts'

const image = {
  type: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUg==' },
} as const
const schema = {
  type: 'object',
  properties: { answer: { type: 'integer' } },
  required: ['answer'],
  additionalProperties: false,
}
const text = (value: string) => ({ type: 'text', text: value }) as const
const call = (id: string, city: string) =>
  ({
    type: 'tool-call',
    id,
    name: 'get_weather',
    kind: 'function',
    arguments: JSON.stringify({ city }),
  }) as const

/** A conversation with everything a client may say. */
export const conversation: ConversationRequest = sampleRequest({
  messages: [
    { role: 'system', parts: [text('Be brief, bitte schön.')] },
    { role: 'user', parts: [text('How is the weather here?'), image] },
    { role: 'assistant', parts: [text('Let me look.'), call('call_a', 'Paris'), call('call_b', 'Oslo')] },
    {
      role: 'tool',
      parts: [
        {
          type: 'tool-result',
          toolCallId: 'call_a',
          parts: [text('Sunny in Paris.'), image],
          isError: false,
        },
      ],
    },
    {
      role: 'tool',
      parts: [{ type: 'tool-result', toolCallId: 'call_b', parts: [text('No such town.')], isError: false }],
    },
    { role: 'user', parts: [text('And tomorrow?')] },
  ],
  tools: [
    {
      type: 'function',
      name: 'get_weather',
      description: 'The weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      strict: null,
    },
  ],
  toolChoice: { type: 'auto' },
  maxOutputTokens: 321,
  stop: ['HALT'],
  responseFormat: { type: 'json_schema', name: 'reply', description: null, schema, strict: true },
})

/** What must reach every provider, in whatever place. */
export const requestTexts = [
  'Be brief, bitte schön.',
  'How is the weather here?',
  'Let me look.',
  'Paris',
  'Oslo',
  'Sunny in Paris.',
  'No such town.',
  'And tomorrow?',
  'get_weather',
  'The weather of a city.',
  'iVBORw0KGgoAAAANSUhEUg==',
  'answer',
  '321',
]

export const longHistory: ConversationRequest = sampleRequest({
  messages: Array.from({ length: 41 }, (_, turn) => ({
    role: turn % 2 === 0 ? ('user' as const) : ('assistant' as const),
    parts: [text(`turn ${turn}.`)],
  })),
})

/** Who said what, with calls and results in their order, whatever message they stand in. */
export function factsOfRequest({ messages, tools, maxOutputTokens }: ConversationRequest): object {
  const parts = messages.flatMap((message) => message.parts)
  return {
    system: messages.filter(isPrompt).flatMap(({ parts: own }) => own.flatMap(textOf)),
    texts: messages.filter((message) => !isPrompt(message)).flatMap(({ parts: own }) => own.flatMap(textOf)),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, input: JSON.parse(part.arguments) as unknown }]
        : [],
    ),
    results: parts.flatMap((part) =>
      part.type === 'tool-result' ? [[part.toolCallId, ...part.parts.flatMap(textOf)]] : [],
    ),
    images: JSON.stringify(messages).split(image.source.data).length - 1,
    tools: tools.map((tool) => tool.name),
    maxOutputTokens,
  }
}

function isPrompt({ role }: { readonly role: string }): boolean {
  return role === 'system' || role === 'developer'
}

function textOf(part: Part): string[] {
  return part.type === 'text' ? [part.text] : []
}

/** Ends of an answer that a dialect has no word for, and how it tells of them instead. */
export const finishLosses: Partial<Record<DialectId, Partial<Record<FinishReason, FinishReason>>>> = {
  'openai-chat': { pause: 'stop' },
  'google-generate': { pause: 'stop' },
}

/** What a client learns of an answer. A refusal is text to some dialects, a word of its own to others, or both. */
export function answerFacts(reply: ConversationReply, dialect: DialectId): object {
  const [choice] = reply.choices
  const parts = choice?.parts ?? []
  const shown = parts.flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : []))
  const reason = choice?.finish?.reason ?? 'stop'
  const { usage } = reply
  return {
    text: [...new Set(shown)].join(''),
    thinking: parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : [])).join(''),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, input: JSON.parse(part.arguments || '{}') as unknown }]
        : [],
    ),
    finish: finishLosses[dialect]?.[reason] ?? reason,
    usage: usage && [
      usage.inputTokens,
      usage.outputTokens,
      usage.cacheReadTokens,
      countsCacheWrites(dialect) ? usage.cacheWriteTokens : 0,
      usage.reasoningTokens,
    ],
  }
}

/** Google writes its cache by itself and counts nothing. */
function countsCacheWrites(dialect: DialectId): boolean {
  return dialect !== 'google-generate'
}

/** The answer a stream of the wire amounts to. Errors: throws when it tells of a failure. */
export function readStream(wire: Wire, stream: string): ConversationReply {
  return collectReply(decode(wire, [Buffer.from(stream)]))
}

/** The text a client gets of a provider's stream. */
export const relayStream = (wire: Wire, formatter: StreamFormatter, chunks: readonly Buffer[]): string =>
  decode(wire, chunks)
    .map((event) => formatter.format(event))
    .join('') + formatter.end()

function decode(wire: Wire, chunks: readonly Buffer[]): ReplyEvent[] {
  const parser = createStreamParser(wire.framing)
  const decoder = wire.createStreamDecoder(plainReplyContext)
  const parsed = [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()]
  const events = [...parsed.flatMap((event) => decoder.push(event)), ...decoder.end()]
  return events.map((event) => {
    if (event.type === 'error') throw new Error(event.failure.message)
    return event
  })
}
