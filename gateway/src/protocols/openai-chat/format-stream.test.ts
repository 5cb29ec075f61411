import { describe, expect, it } from 'vitest'
import { parseJson, readRecord } from '../../conversation/json-value.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ConversationReply, ReplyPart } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { SseParser } from '../sse.ts'
import { formatChatReply } from './format-reply.ts'
import { ChatStreamFormatter } from './format-stream.ts'

const head = { id: 'chatcmpl-9', created: 5, model: 'group' }
const usage = { ...zeroUsage, inputTokens: 10, outputTokens: 4, cacheReadTokens: 6, reasoningTokens: 2 }

type Chunk = Record<string, unknown> & {
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null }[]
}

function write(
  events: readonly ReplyEvent[],
  includesUsage = false,
): { chunks: Chunk[]; last: string | undefined } {
  const formatter = new ChatStreamFormatter(head, { includesUsage })
  const text = events.map((event) => formatter.format(event)).join('') + formatter.end()
  const parser = new SseParser()
  const data = parser.push(Buffer.from(text)).map((event) => event.data)
  return { chunks: data.slice(0, -1).map((line) => JSON.parse(line) as Chunk), last: data.at(-1) }
}

function replyOf(parts: readonly ReplyPart[], members: Partial<ConversationReply> = {}): ConversationReply {
  const finish = { reason: 'stop', providerReason: 'end_turn', stopSequence: null } as const
  const choices = [{ index: 0, parts, finish }]
  return { id: 'x', model: 'up', created: null, choices, usage, extra: null, ...members }
}

const everything = replyOf([
  { type: 'reasoning', text: 'hm', signature: 'sig', redacted: null },
  { type: 'text', text: 'Hello' },
  { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":1}' },
  { type: 'tool-call', id: 'b', name: 'g', kind: 'function', arguments: '' },
  { type: 'tool-call', id: 'c', name: 'h', kind: 'custom', arguments: 'raw' },
  { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'server_tool_use' } },
])

describe('ChatStreamFormatter', () => {
  it('obeys the grammar: role first, one finish for each choice, the terminator last', () => {
    const { chunks, last } = write(replayReply(everything))
    expect(last).toBe('[DONE]')
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null })
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason !== null)).toHaveLength(1)
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    for (const chunk of chunks) expect(chunk).toMatchObject({ ...head, object: 'chat.completion.chunk' })
    const roles = chunks.filter((chunk) => 'role' in (chunk.choices[0]?.delta ?? {}))
    expect(roles).toHaveLength(1)
  })

  it('gives each choice its own role and finish', () => {
    const [choice] = everything.choices
    const { chunks } = write(replayReply({ ...everything, choices: [choice!, { ...choice!, index: 1 }] }))
    for (const index of [0, 1]) {
      const own = chunks.map((chunk) => chunk.choices[0]!).filter((one) => one.index === index)
      expect(own[0]?.delta).toHaveProperty('role')
      expect(own.at(-1)?.finish_reason).toBe('stop')
      expect(own.filter((one) => one.finish_reason !== null)).toHaveLength(1)
    }
  })

  it('numbers tool calls from 0, with id and name only on the first delta', () => {
    const { chunks } = write(replayReply(everything))
    const deltas = chunks.flatMap(
      (chunk) => (chunk.choices[0]?.delta['tool_calls'] ?? []) as Record<string, unknown>[],
    )
    expect(deltas).toEqual([
      { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"x":1}' } },
      { index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
      { index: 2, id: 'c', type: 'custom', custom: { name: 'h', input: '' } },
      { index: 2, custom: { input: 'raw' } },
    ])
  })

  it('sends usage only when asked, in a chunk without choices before the terminator', () => {
    expect(JSON.stringify(write(replayReply(everything)).chunks)).not.toContain('usage')
    const { chunks } = write(replayReply(everything), true)
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 6 },
      },
    })
    for (const chunk of chunks.slice(0, -1)) expect(chunk['usage']).toBeNull()
  })

  it('carries thinking with its signature, and foreign blocks among the provider fields', () => {
    const deltas = write(replayReply(everything)).chunks.map((chunk) => chunk.choices[0]!.delta)
    expect(deltas).toContainEqual({
      reasoning_content: 'hm',
      thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: '' }],
    })
    expect(deltas).toContainEqual({ thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'sig' }] })
    expect(deltas).toContainEqual({
      provider_specific_fields: { server_tool_blocks: [{ type: 'server_tool_use' }] },
    })
  })

  it('says that a turn was paused', () => {
    const finish = { reason: 'pause', providerReason: 'pause_turn', stopSequence: null } as const
    const { chunks } = write([{ type: 'finish', choice: 0, finish }])
    expect(chunks.at(-1)?.choices[0]).toMatchObject({
      finish_reason: 'stop',
      delta: { provider_specific_fields: { stop_reason: 'pause_turn' } },
    })
  })

  it('survives line separators and quotes in text', () => {
    const text = 'a\n\n"b"\r\u2028\u{1F600}'
    const { chunks } = write([{ type: 'text-delta', choice: 0, text }])
    expect(chunks[1]?.choices[0]?.delta['content']).toBe(text)
  })
})

describe('formatChatReply', () => {
  it('writes a whole completion', () => {
    const body = formatChatReply(everything, head)
    expect(body).toMatchObject({ ...head, object: 'chat.completion', usage: { total_tokens: 14 } })
    expect(readRecord((body['choices'] as unknown[])[0])).toEqual({
      index: 0,
      logprobs: null,
      finish_reason: 'stop',
      message: {
        role: 'assistant',
        content: 'Hello',
        refusal: null,
        reasoning_content: 'hm',
        thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'sig' }],
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
          { id: 'c', type: 'custom', custom: { name: 'h', input: 'raw' } },
        ],
        provider_specific_fields: { server_tool_blocks: [{ type: 'server_tool_use' }] },
      },
    })
  })

  it('turns web citations into annotations and keeps the native ones', () => {
    const native = { type: 'web_search_result_location', url: 'https://e.org', title: 'E', cited_text: 'c' }
    const citation = { url: 'https://e.org', title: 'E', citedText: 'c', native }
    const body = formatChatReply(replyOf([{ type: 'text', text: 'x', citations: [citation] }]), head)
    expect(parseJson(JSON.stringify(body['choices']))).toMatchObject([
      {
        message: {
          annotations: [{ type: 'url_citation', url_citation: { url: 'https://e.org', title: 'E' } }],
          provider_specific_fields: { citations: [native] },
        },
      },
    ])
  })

  it('has null content when there are only calls, and keeps own extra members at the top', () => {
    const call = { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}' } as const
    const extra = { dialect: 'openai-chat', members: { search_results: [1] } } as const
    const body = formatChatReply(replyOf([call], { extra }), head)
    expect(body).toMatchObject({ search_results: [1], choices: [{ message: { content: null } }] })
  })
})
