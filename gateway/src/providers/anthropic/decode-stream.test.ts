import { describe, expect, it } from 'vitest'
import { collectReply } from '../../conversation/collect-reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { ChatStreamFormatter } from '../../protocols/openai-chat/format-stream.ts'
import { plainReplyContext } from '../reply-context.ts'
import { anthropicWire } from './anthropic.ts'

type Json = Record<string, unknown>
const start = (usage: Json = { input_tokens: 5, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', content: [], usage },
})
const block = (index: number, content_block: Json, ...deltas: Json[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]
const finish = (stop_reason: string, members: Json = {}, usage: Json = { output_tokens: 9 }) => [
  { type: 'message_delta', delta: { stop_reason, ...members }, usage },
  { type: 'message_stop' },
]

function decode(events: readonly Json[]): StreamEvent[] {
  const decoder = anthropicWire.createStreamDecoder(plainReplyContext)
  const decoded = events.flatMap((event) => decoder.push({ event: null, data: JSON.stringify(event) }))
  return [...decoded, ...decoder.end()]
}
const collect = (events: readonly Json[]) => collectReply(decode(events) as ReplyEvent[])

describe('the stream of Messages', () => {
  it('replaces cumulative usage and ignores nulls', () => {
    const cached = {
      input_tokens: 5,
      output_tokens: 1,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 3,
    }
    const reply = collect([
      start(cached),
      ...finish('end_turn', {}, { input_tokens: null, output_tokens: 9, cache_read_input_tokens: null }),
    ])
    expect(reply.usage).toMatchObject({
      inputTokens: 28,
      outputTokens: 9,
      cacheReadTokens: 20,
      cacheWriteTokens: 3,
    })
  })

  it('counts one-hour cache writes and searches', () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 1,
      cache_creation: { ephemeral_1h_input_tokens: 4, ephemeral_5m_input_tokens: 6 },
      server_tool_use: { web_search_requests: 2 },
    }
    expect(anthropicWire.decodeUsage(usage)).toMatchObject({
      inputTokens: 11,
      cacheWriteTokens: 10,
      cacheWriteOneHourTokens: 4,
      searchCalls: 2,
    })
    expect(anthropicWire.decodeUsage({})).toBeNull()
  })

  it('estimates thinking tokens when they are not counted, never above the output', () => {
    const thinking = block(
      0,
      { type: 'thinking', thinking: '' },
      { type: 'thinking_delta', thinking: 'x'.repeat(20) },
    )
    expect(collect([start(), ...thinking, ...finish('end_turn')]).usage?.reasoningTokens).toBe(5)
    expect(
      collect([start(), ...thinking, ...finish('end_turn', {}, { output_tokens: 2 })]).usage?.reasoningTokens,
    ).toBe(2)
    const counted = { output_tokens: 9, output_tokens_details: { thinking_tokens: 7 } }
    expect(collect([start(), ...thinking, ...finish('end_turn', {}, counted)]).usage?.reasoningTokens).toBe(7)
  })

  it('keeps a signature without thinking text, and redacted thinking', () => {
    const reply = collect([
      start(),
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'signature_delta', signature: 'c2ln' },
      ),
      ...block(1, { type: 'redacted_thinking', data: 'ZGF0YQ==' }),
      ...finish('end_turn'),
    ])
    expect(reply.choices[0]?.parts).toEqual([
      { type: 'reasoning', text: '', signature: 'c2ln', redacted: null },
      { type: 'reasoning', text: '', signature: null, redacted: 'ZGF0YQ==' },
    ])
  })

  it('counts only tools of the caller, and keeps the blocks of server tools whole', () => {
    const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const result = { type: 'web_search_tool_result', tool_use_id: 's', content: [] }
    const events = decode([
      start(),
      ...block(
        0,
        server,
        { type: 'input_json_delta', partial_json: '{"query":' },
        { type: 'input_json_delta', partial_json: '"x"}' },
      ),
      ...block(1, result),
      ...block(2, { type: 'tool_use', id: 't', name: 'f', input: {} }),
      ...finish('tool_use'),
    ])
    const opaque = events.filter((event) => event.type === 'opaque').map((event) => event.part.value)
    expect(opaque).toEqual([{ ...server, input: { query: 'x' } }, result])
    expect(events.find((event) => event.type === 'tool-call-start')).toMatchObject({ index: 0, id: 't' })
  })

  it('keeps citations with the text they belong to', () => {
    const citation = { type: 'web_search_result_location', url: 'https://e.org', title: 'E', cited_text: 'c' }
    const text = { type: 'text', text: '' }
    const reply = collect([
      start(),
      ...block(0, text, { type: 'text_delta', text: 'a' }, { type: 'citations_delta', citation }),
      ...block(1, text, { type: 'text_delta', text: 'b' }),
      ...finish('end_turn'),
    ])
    expect(reply.choices[0]?.parts).toEqual([
      {
        type: 'text',
        text: 'a',
        citations: [{ url: 'https://e.org', title: 'E', citedText: 'c', native: citation }],
      },
      { type: 'text', text: 'b' },
    ])
  })

  it('passes on a container and the stop sequence that matched', () => {
    const reply = collect([
      start(),
      ...finish('stop_sequence', { stop_sequence: 'END', container: { id: 'c1' } }),
    ])
    expect(reply.container).toEqual({ id: 'c1' })
    expect(reply.choices[0]?.finish).toMatchObject({ reason: 'stop', stopSequence: 'END' })
  })

  it('ignores pings, unknown events, and deltas of blocks that never began', () => {
    const stray = { type: 'content_block_delta', index: 7, delta: { type: 'text_delta', text: 'x' } }
    const types = decode([{ type: 'ping' }, { type: 'new_event' }, stray]).map((event) => event.type)
    expect(types).toEqual(['error'])
  })

  it('is complete after a finish, even without the last event', () => {
    const events = decode([start(), finish('end_turn')[0]!])
    expect(events.at(-1)?.type).toBe('usage-available')
  })

  it('becomes chat chunks', () => {
    const events = decode([
      start(),
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'Hi' }),
      ...block(1, { type: 'tool_use', id: 't', name: 'f', input: {} }),
      ...finish('tool_use'),
    ]) as ReplyEvent[]
    const formatter = new ChatStreamFormatter({ id: 'c', created: 1, model: 'g' }, { includesUsage: true })
    const lines = (events.map((event) => formatter.format(event)).join('') + formatter.end())
      .trim()
      .split('\n\n')
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice('data: '.length)))
    const choices = chunks.map((chunk) => chunk.choices[0])
    expect(choices.map((choice) => choice?.delta ?? null)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Hi' },
      { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      {},
      null,
    ])
    expect(choices[4]?.finish_reason).toBe('tool_calls')
    expect(chunks.at(-1).usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 9 })
    expect(lines.at(-1)).toBe('data: [DONE]')
  })
})
