import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ConversationReply, Finish, ReplyPart } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { seededRandom } from '../../deployments/for-test.ts'
import { formatReply } from './format-reply.ts'
import { MessagesStreamFormatter } from './format-stream.ts'
import { type ReadMessage, readMessages } from './read-messages.fixture.ts'

const head = { id: 'msg_9', created: 5, model: 'group' }
const usage = {
  ...zeroUsage,
  inputTokens: 20,
  outputTokens: 4,
  cacheReadTokens: 6,
  cacheWriteTokens: 5,
  cacheWriteOneHourTokens: 2,
  reasoningTokens: 2,
}
const options = { operation: 'chat', includesUsage: true, body: {}, carrier: carrierOf('anthropic') } as const
const foreign = { ...options, carrier: carrierOf('google') }
const finish = (reason: Finish['reason'] = 'stop', stopSequence: string | null = null): ReplyEvent => ({
  type: 'finish',
  choice: 0,
  finish: { reason, providerReason: null, stopSequence },
})
const start: ReplyEvent = { type: 'message-start', id: 'x', model: 'up', created: null }
const text = (value: string): ReplyEvent => ({ type: 'text-delta', choice: 0, text: value })
const thought = (value: string): ReplyEvent => ({ type: 'reasoning-delta', choice: 0, text: value })
const counted: ReplyEvent = { type: 'usage-available', usage }
const call = (index: number, id = `call_${index}`): ReplyEvent => ({
  type: 'tool-call-start',
  choice: 0,
  index,
  id,
  name: `tool_${index}`,
  kind: 'function',
})
const args = (index: number, value: string): ReplyEvent => ({
  type: 'tool-call-delta',
  choice: 0,
  index,
  arguments: value,
})
const callEnd = (index: number): ReplyEvent => ({ type: 'tool-call-end', choice: 0, index })

function pieces(events: readonly ReplyEvent[], writing = options): string[] {
  const formatter = new MessagesStreamFormatter(head, writing)
  return [...events.map((event) => formatter.format(event)), formatter.end()]
}

function write(events: readonly ReplyEvent[], writing = options): ReadMessage {
  return readMessages(pieces(events, writing).join(''))
}

function replyOf(parts: readonly ReplyPart[]): ConversationReply {
  const ending = { reason: 'stop', providerReason: 'end_turn', stopSequence: null } as const
  return {
    id: 'x',
    model: 'up',
    created: null,
    choices: [{ index: 0, parts, finish: ending }],
    usage,
    extra: null,
  }
}

describe('MessagesStreamFormatter', () => {
  it('says the same as the whole answer', () => {
    const reply = replyOf([
      { type: 'reasoning', text: 'hm', signature: 'sig', redacted: null },
      { type: 'reasoning', text: '', signature: null, redacted: 'secret' },
      { type: 'text', text: 'Hello' },
      { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":1}' },
      { type: 'tool-call', id: 'b', name: 'g', kind: 'function', arguments: '' },
      { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'server_tool_use', id: 's' } },
      { type: 'opaque', dialect: 'openai-chat', value: { logprobs: {} } },
    ])
    const whole = formatReply(reply, head, options)
    const { message, content, delta, usage: streamed } = write(replayReply(reply))
    expect(content).toEqual(whole['content'])
    // The end of a stream has fewer members of usage.
    const usage = { ...(whole['usage'] as object), ...streamed }
    expect({ ...message, content, ...delta, usage }).toEqual(whole)
    expect(whole).toMatchObject({ id: 'msg_9', model: 'group', stop_reason: 'tool_use' })
  })

  it('starts with every count a number, and ends with the real ones', () => {
    const { message, usage: counts } = write([start, text('x'), finish(), counted])
    expect(message['usage']).toMatchObject({
      input_tokens: 0,
      output_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    })
    expect(counts).toMatchObject({
      input_tokens: 9,
      output_tokens: 4,
      cache_creation_input_tokens: 5,
      cache_read_input_tokens: 6,
      output_tokens_details: { thinking_tokens: 2 },
    })
    expect(counts).not.toHaveProperty('cache_creation')
  })

  it('holds the finish until usage comes, and says nothing after it', () => {
    const out = pieces([start, text('x'), finish(), counted, text('late'), counted])
    expect(out[2]).toContain('content_block_stop')
    expect(out[2]).not.toContain('message_delta')
    expect(out[3]).toMatch(/^event: message_delta[\s\S]*event: message_stop\ndata: [^\n]+\n\n$/)
    expect(out.slice(4)).toEqual(['', '', ''])
  })

  it('ends without usage at the end of the stream', () => {
    const { usage: counts, delta } = write([counted, start, text('x'), finish('length')])
    expect(counts).toMatchObject({ input_tokens: 9 })
    expect(delta).toMatchObject({ stop_reason: 'max_tokens', stop_sequence: null })
    expect(write([]).delta).toMatchObject({ stop_reason: 'end_turn' })
  })

  it('writes text as it comes, in one block', () => {
    const out = pieces([start, text('Grüße, '), text(''), text('世界 👋')])
    expect(out[1]).toContain('content_block_start')
    expect(out[2]).toBe('')
    expect(out[3]).toBe(
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"世界 👋"}}\n\n',
    )
  })

  it('begins a block for every change of kind', () => {
    const { content } = write([
      start,
      thought('a'),
      text('b'),
      thought('c'),
      call(0),
      args(0, '{}'),
      callEnd(0),
      text('d'),
    ])
    expect(content.map((block) => block.type)).toEqual(['thinking', 'text', 'thinking', 'tool_use', 'text'])
  })

  it('keeps blocks apart that the provider ended', () => {
    const end: ReplyEvent = { type: 'block-end', choice: 0 }
    const { content } = write([start, text('a'), end, text('b'), end])
    expect(content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })

  it('signs thinking before its block stops, sealed when the signature is another provider’s', () => {
    const signed: ReplyEvent = { type: 'reasoning-signature', choice: 0, signature: 'sig==' }
    expect(write([start, thought('hm'), signed, text('x')]).content[0]).toEqual({
      type: 'thinking',
      thinking: 'hm',
      signature: 'sig==',
    })
    const sealed = write([start, thought('hm'), signed, text('x')], foreign).content[0]?.['signature']
    expect(sealed).toMatch(/^riq1\./)
    expect(foreign.carrier.unwrap(String(sealed), 'signature', 'anthropic')).toMatchObject({
      payload: 'sig==',
    })
    expect(write([start, thought('hm'), finish()]).content[0]?.['signature']).toMatch(/^riq1\./)
    expect(write([start, signed, finish()]).content[0]).toMatchObject({ thinking: '', signature: 'sig==' })
  })

  it('knows one choice only', () => {
    const { content } = write([start, text('a'), { type: 'text-delta', choice: 1, text: 'b' }, finish()])
    expect(content).toEqual([{ type: 'text', text: 'a' }])
  })

  it('cites', () => {
    const citation = {
      url: 'https://a.example',
      title: 'A',
      citedText: 'c',
      native: { type: 'url_citation' },
    }
    const native = { type: 'page_location', document_index: 0 }
    const { content } = write([
      start,
      text('x'),
      { type: 'citation', choice: 0, citation },
      { type: 'citation', choice: 0, citation: { ...citation, native } },
    ])
    expect(content[0]?.['citations']).toEqual([
      {
        type: 'web_search_result_location',
        url: 'https://a.example',
        title: 'A',
        cited_text: 'c',
        encrypted_index: '',
      },
      native,
    ])
  })

  it.each([
    ['a refusal', [{ type: 'refusal-delta', choice: 0, text: 'No.' }, finish()], 'refusal', null],
    ['a content filter', [finish('content-filter')], 'refusal', null],
    ['a call', [call(0), finish()], 'tool_use', null],
    ['a call that ran into the limit', [call(0), finish('length')], 'max_tokens', null],
    ['a stop sequence', [text('x'), finish('stop', 'END')], 'stop_sequence', 'END'],
    ['a pause', [finish('pause')], 'pause_turn', null],
  ] as const)('tells of %s', (_what, events, reason, sequence) => {
    const { delta } = write([start, ...(events as readonly ReplyEvent[])])
    expect(delta).toMatchObject({ stop_reason: reason, stop_sequence: sequence })
    expect(delta['stop_details'] === null).toBe(reason !== 'refusal')
  })
})

describe('parallel tool calls', () => {
  it('without arguments get an empty object, as one delta', () => {
    const out = pieces([start, call(0), call(1), args(1, '{"a":1}'), finish()])
    const { content } = readMessages(out.join(''))
    expect(content).toMatchObject([{ input: {} }, { input: { a: 1 } }])
    expect(out.join('').match(/partial_json":"\{\}"/g)).toHaveLength(1)
  })

  it('flow at once when they come one after the other', () => {
    const out = pieces([start, call(0), args(0, '{"a":'), args(0, '1}'), call(1), args(1, '{"b":')])
    expect(out[3]).toContain('1}')
    expect(out[4]).toMatch(/^event: content_block_stop[\s\S]*content_block_start/)
    expect(out[5]).toContain('"index":1')
  })

  it('that are interleaved wait for the open one to end', () => {
    const out = pieces([
      start,
      call(0),
      call(1),
      args(1, '{"b":2}'),
      args(0, '{"a":'),
      args(0, '"}"}'),
      finish(),
    ])
    expect(out[3]).toBe('')
    expect(out[4]).toContain('"index":0')
    expect(readMessages(out.join('')).content).toMatchObject([{ input: { a: '}' } }, { input: { b: 2 } }])
  })

  it('hold text back no longer than they must', () => {
    const out = pieces([start, call(0), args(0, '{"a":'), text('meanwhile'), args(0, '1}'), text(' more')])
    expect(out[3]).toBe('')
    expect(out[4]).toMatch(/1\}[\s\S]*content_block_stop[\s\S]*meanwhile/)
    expect(out[5]).toContain(' more')
  })

  it('come out whole from any interleaving', () => {
    const random = seededRandom(7)
    for (let round = 0; round < 300; round += 1) {
      const inputs = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => ({
        index,
        note: '{[]}"\\'.repeat(Math.floor(random() * 4)),
        deep: [{ a: [1, { b: null }] }],
      }))
      const queues = inputs.map((input, index) => [
        call(index),
        ...cut(JSON.stringify(input), random).map((piece) => args(index, piece)),
        ...(random() < 0.5 ? [callEnd(index)] : []),
      ])
      const events = [start, ...interleave(queues, random), finish('tool-calls'), counted]
      const { content, delta } = write(events)
      const sent = content.map(({ id, input }) => ({ id, input }))
      expect(sent.sort((a, b) => String(a.id).localeCompare(String(b.id)))).toEqual(
        inputs.map((input, index) => ({ id: `call_${index}`, input })),
      )
      expect(delta['stop_reason']).toBe('tool_use')
    }
  })
})

function cut(value: string, random: () => number): string[] {
  const parts: string[] = []
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + Math.floor(random() * 9)
    parts.push(value.slice(at, end))
    at = end
  }
  return parts
}

function interleave(queues: ReplyEvent[][], random: () => number): ReplyEvent[] {
  const events: ReplyEvent[] = []
  for (
    let left = queues.filter((queue) => queue.length > 0);
    left.length > 0;
    left = left.filter((queue) => queue.length > 0)
  )
    events.push(left[Math.floor(random() * left.length)]?.shift() as ReplyEvent)
  return events
}
