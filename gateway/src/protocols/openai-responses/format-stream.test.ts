import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { Finish, ReplyPart } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { SseParser } from '../sse.ts'
import { formatResponsesReply } from './format-reply.ts'
import { ResponsesStreamFormatter } from './format-stream.ts'

const head = { id: 'resp_0123456789abcdef0123456789abcdef', created: 5, model: 'group' }
const usage = { ...zeroUsage, inputTokens: 10, outputTokens: 4, cacheReadTokens: 6, reasoningTokens: 2 }
const optionsOf = (body: JsonRecord) =>
  ({ operation: 'chat', includesUsage: true, carrier: carrierOf('anthropic'), body }) as const

type Written = JsonRecord & { readonly type: string; readonly response?: JsonRecord }

function write(events: readonly ReplyEvent[], body: JsonRecord = {}): Written[] {
  const formatter = new ResponsesStreamFormatter(head, optionsOf(body))
  return readEvents(events.map((event) => formatter.format(event)).join('') + formatter.end())
}

function readEvents(text: string): Written[] {
  return new SseParser().push(Buffer.from(text)).map(({ event, data }) => {
    const parsed = JSON.parse(data) as Written
    expect(event).toBe(parsed.type)
    return parsed
  })
}

function replyOf(parts: readonly ReplyPart[], reason: Finish['reason'] = 'stop') {
  const finish = { reason, providerReason: null, stopSequence: null }
  return { id: 'x', model: 'up', created: null, choices: [{ index: 0, parts, finish }], usage, extra: null }
}

const everything = replyOf([
  { type: 'reasoning', text: 'hm', signature: 'sig', redacted: null },
  { type: 'text', text: 'Hello' },
  { type: 'text', text: ' again' },
  { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":1}' },
  { type: 'tool-call', id: 'b', name: 'g', kind: 'function', arguments: '' },
  { type: 'tool-call', id: 'c', name: 'h', kind: 'custom', arguments: 'raw' },
  { type: 'reasoning', text: '', signature: null, redacted: 'hidden' },
  { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' } },
  { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'server_tool_use' } },
])
const typesOf = (output: unknown) => (output as JsonRecord[]).map(({ type }) => type)

describe('ResponsesStreamFormatter', () => {
  it('numbers events and items, and ends with the whole response', () => {
    const events = write(replayReply(everything))
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, index) => index))
    const added = events.filter(({ type }) => type === 'response.output_item.added')
    expect(added.map((event) => event['output_index'])).toEqual(added.map((_, index) => index))
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['response.created', 'response.in_progress'])
    const last = events.at(-1)
    expect(last).toMatchObject({
      type: 'response.completed',
      response: { status: 'completed', model: 'group' },
    })
    const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
    expect(last?.response?.['output']).toEqual(done)
    expect(typesOf(done)).toEqual([
      'reasoning',
      'message',
      'function_call',
      'function_call',
      'custom_tool_call',
      'reasoning',
      'image_generation_call',
    ])
  })

  it('is the same whole and as a stream', () => {
    const streamed = write(replayReply(everything)).at(-1)?.response
    expect(formatResponsesReply(everything, head, optionsOf({}))).toEqual(streamed)
  })

  it('gives items ids of their own beside the id of the call, and arguments to every function', () => {
    const output = write(replayReply(everything)).at(-1)?.response?.['output'] as JsonRecord[]
    const calls = output.filter((item) => item['call_id'] !== undefined)
    expect(calls).toMatchObject([
      { call_id: 'a', name: 'f', arguments: '{"x":1}', id: expect.stringMatching(/^fc_/) },
      { call_id: 'b', name: 'g', arguments: '{}' },
      { call_id: 'c', name: 'h', input: 'raw', id: expect.stringMatching(/^ctc_/) },
    ])
    expect(new Set(output.map(({ id }) => id)).size).toBe(output.length)
  })

  it('names the function when its arguments are complete', () => {
    const done = write(replayReply(everything)).filter(
      ({ type }) => type === 'response.function_call_arguments.done',
    )
    expect(done).toMatchObject([
      { name: 'f', arguments: '{"x":1}' },
      { name: 'g', arguments: '{}' },
    ])
  })

  it('keeps calls apart whose arguments come in turns', () => {
    const start = (index: number, name: string): ReplyEvent => ({
      type: 'tool-call-start',
      choice: 0,
      index,
      id: name,
      name,
      kind: 'function',
    })
    const delta = (index: number, text: string): ReplyEvent => ({
      type: 'tool-call-delta',
      choice: 0,
      index,
      arguments: text,
    })
    const events = write([
      start(0, 'f'),
      start(1, 'g'),
      delta(0, '{"a"'),
      delta(1, '{"b"'),
      delta(0, ':1}'),
      delta(1, ':2}'),
    ])
    expect(events.at(-1)?.response?.['output']).toMatchObject([
      { name: 'f', arguments: '{"a":1}' },
      { name: 'g', arguments: '{"b":2}' },
    ])
  })

  it('shows encrypted reasoning only to who asks, and keeps it in any case', () => {
    const shown = write(replayReply(everything), { include: ['reasoning.encrypted_content'] })
    expect(JSON.stringify(shown).match(/"encrypted_content":"riq1\./g)).toHaveLength(4)
    expect(JSON.stringify(write(replayReply(everything)))).not.toContain('encrypted_content')
    const formatter = new ResponsesStreamFormatter(head, optionsOf({}))
    for (const event of replayReply(everything)) formatter.format(event)
    expect(JSON.stringify(formatter.kept()).match(/"encrypted_content":"riq1\./g)).toHaveLength(2)
  })

  it('names tools of a namespace as their caller did', () => {
    const tools = [{ type: 'namespace', name: 'crm', tools: [{ type: 'function', name: 'find' }] }]
    const call: ReplyPart = {
      type: 'tool-call',
      id: 'a',
      name: 'crm__find',
      kind: 'function',
      arguments: '{}',
    }
    const output = write(replayReply(replyOf([call])), { tools }).at(-1)?.response?.['output']
    expect(output).toMatchObject([{ name: 'find', namespace: 'crm' }])
  })

  it('cites pages as annotations', () => {
    const native = {
      type: 'url_citation',
      url_citation: { url: 'https://x', title: 'X', start_index: 1, end_index: 3 },
    }
    const citations = [
      { url: 'https://x', title: 'X', citedText: null, native },
      { url: 'https://y', title: null, citedText: 'y', native: { type: 'web_search_result_location' } },
      { url: null, title: 'a file', citedText: null, native: { type: 'char_location' } },
    ]
    const events = write(replayReply(replyOf([{ type: 'text', text: 'Hello', citations }])))
    const added = events.filter(({ type }) => type === 'response.output_text.annotation.added')
    expect(added.map((event) => [event['annotation_index'], event['annotation']])).toEqual([
      [0, { type: 'url_citation', url: 'https://x', title: 'X', start_index: 1, end_index: 3 }],
      [1, { type: 'url_citation', url: 'https://y', title: '', start_index: 0, end_index: 5 }],
    ])
  })

  it.each([
    ['length', 'response.incomplete', { reason: 'max_output_tokens' }],
    ['content-filter', 'response.incomplete', { reason: 'content_filter' }],
    ['tool-calls', 'response.completed', null],
    ['pause', 'response.completed', null],
  ] as const)('ends %s with %s', (reason, type, details) => {
    const events = write(replayReply(replyOf([{ type: 'text', text: 'x' }], reason)))
    expect(events.at(-1)).toMatchObject({ type, response: { incomplete_details: details } })
  })

  it('completes an answer that is a refusal', () => {
    const events = write(replayReply(replyOf([{ type: 'refusal', text: 'No.' }], 'content-filter')))
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { output: [{ content: [{ type: 'refusal', refusal: 'No.' }] }] },
    })
  })

  it('repeats what the request set and has null for what it did not', () => {
    const body = {
      instructions: 'S',
      temperature: 0.5,
      tool_choice: { type: 'auto' },
      text: { verbosity: 'low' },
      store: false,
    }
    const response = write([], body).at(-1)?.response
    expect(response).toMatchObject({
      ...body,
      tool_choice: 'auto',
      text: { format: { type: 'text' }, verbosity: 'low' },
    })
    expect(response).toMatchObject({
      error: null,
      incomplete_details: null,
      top_p: null,
      previous_response_id: null,
    })
    expect(response).not.toHaveProperty('usage')
  })

  it('writes nothing of alternative answers', () => {
    const events = write([{ type: 'text-delta', choice: 1, text: 'other' }])
    expect(events.at(-1)?.response?.['output']).toEqual([])
  })
})
