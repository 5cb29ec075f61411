import type { AnswerFacts } from '@routeiq/router'
import type { DialectId } from '../../conversation/dialect.ts'
import { dataOf, splitEvents } from '../../protocols/event-text.ts'
import type { PlainReply } from '../../relay/relay.ts'
import { readCached } from '../cache/read-cached.ts'
import { readFacts } from '../find-answer-fault.ts'

type Json = Readonly<Record<string, unknown>>

/** Reads a whole answer in the client's dialect. Null for dialects a cascade does not read, and for what is none. */
export function readAnswer(dialect: DialectId, reply: PlainReply): AnswerFacts | null {
  const reader = readers[dialect]
  if (reader === undefined) return null
  const bytes = typeof reply.body === 'string' ? Buffer.from(reply.body, 'latin1') : reply.body
  const text = bytes.toString('utf8')
  try {
    return reply.isStream === true ? readEvents(dialect, text) : reader(JSON.parse(text) as Json)
  } catch {
    return null
  }
}

/** A whole event stream. */
function readEvents(dialect: DialectId, text: string): AnswerFacts | null {
  const choice = readCached(dialect, { isStream: true, text })?.choices[0]
  const facts = choice === undefined ? null : readFacts(choice)
  if (facts === null || dialect !== 'openai-chat') return facts
  const chunks = [...splitEvents(text)].flatMap((event) => {
    const data = dataOf(event)
    return data === null || data === '[DONE]' ? [] : [JSON.parse(data) as Json]
  })
  return {
    ...facts,
    tokenProbability: meanProbability(chunks.flatMap((chunk) => listOf(chunk['choices']))),
  }
}

/** Whether answers of this dialect can be read. */
export function canReadAnswers(dialect: DialectId): boolean {
  return readers[dialect] !== undefined
}

const readers: Readonly<Partial<Record<DialectId, (body: Json) => AnswerFacts | null>>> = {
  'openai-chat': readChat,
  'anthropic-messages': readMessages,
  'openai-responses': readResponses,
}

function readChat(body: Json): AnswerFacts | null {
  const [choice] = listOf(body['choices'])
  if (choice === undefined) return null
  const message = (choice['message'] ?? {}) as Json
  return {
    text: textOf(message['content']),
    toolCalls: listOf(message['tool_calls']).map((call) => {
      const named = (call['function'] ?? {}) as Json
      return { name: textOf(named['name']), arguments: textOf(named['arguments']) }
    }),
    cutOff: choice['finish_reason'] === 'length',
    refused: textOf(message['refusal']) !== '' || choice['finish_reason'] === 'content_filter',
    tokenProbability: meanProbability([choice]),
  }
}

/** Null where the provider does not tell. */
function meanProbability(choices: readonly Json[]): number | null {
  const probabilities = choices
    .flatMap((choice) => listOf((choice['logprobs'] as Json | null | undefined)?.['content']))
    .flatMap(({ logprob }) => (typeof logprob === 'number' ? [Math.exp(logprob)] : []))
  return probabilities.length === 0
    ? null
    : probabilities.reduce((sum, value) => sum + value, 0) / probabilities.length
}

function readMessages(body: Json): AnswerFacts {
  const parts = listOf(body['content'])
  return {
    text: parts.map(({ text }) => textOf(text)).join(''),
    toolCalls: parts
      .filter(({ type }) => type === 'tool_use')
      .map(({ name, input }) => ({ name: textOf(name), arguments: JSON.stringify(input ?? null) })),
    cutOff: body['stop_reason'] === 'max_tokens',
    refused: body['stop_reason'] === 'refusal',
    tokenProbability: null,
  }
}

function readResponses(body: Json): AnswerFacts {
  const items = listOf(body['output'])
  const parts = items.flatMap(({ content }) => listOf(content))
  return {
    text: parts.map(({ text }) => textOf(text)).join(''),
    toolCalls: items
      .filter(({ type }) => type === 'function_call')
      .map((call) => ({ name: textOf(call['name']), arguments: textOf(call['arguments']) })),
    cutOff: body['status'] === 'incomplete',
    refused: parts.some(({ type }) => type === 'refusal'),
    tokenProbability: null,
  }
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value)
    ? value.filter((item): item is Json => typeof item === 'object' && item !== null)
    : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
