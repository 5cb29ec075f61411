import { describe, expect, it } from 'vitest'
import { collectReply } from '../../conversation/collect-reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { ChatStreamDecoder } from './decode-stream.ts'

const chunkOf = (delta: unknown, members: Record<string, unknown> = {}) => ({
  id: 'c-1',
  model: 'm',
  created: 1,
  choices: [{ index: 0, delta, finish_reason: null, ...members }],
})
const finishChunk = (reason: string) => chunkOf({}, { finish_reason: reason })

function decode(chunks: readonly unknown[], terminator = true): StreamEvent[] {
  const decoder = new ChatStreamDecoder()
  const events = chunks.flatMap((chunk) => decoder.push({ data: JSON.stringify(chunk) }))
  if (terminator) events.push(...decoder.push({ data: '[DONE]' }))
  return [...events, ...decoder.end()]
}
const collect = (chunks: readonly unknown[], terminator = true) =>
  collectReply(decode(chunks, terminator) as ReplyEvent[])
const calls = (...deltas: readonly unknown[]) => {
  const chunks = deltas.map((delta) => chunkOf({ tool_calls: [delta] }))
  return collect([...chunks, finishChunk('tool_calls')]).choices[0]?.parts
}
const call = (id: string, args: string, name = 'f') => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  arguments: args,
})

describe('ChatStreamDecoder', () => {
  it.each([
    ['in a chunk of its own', [{ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }]],
    ['in the finish chunk', [{ ...finishChunk('stop'), usage: { prompt_tokens: 5, completion_tokens: 2 } }]],
    [
      'under x_groq',
      [{ ...finishChunk('stop'), x_groq: { usage: { prompt_tokens: 5, completion_tokens: 2 } } }],
    ],
    [
      'on every chunk',
      [
        { ...chunkOf({}), usage: { prompt_tokens: 5, completion_tokens: 1 } },
        { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } },
      ],
    ],
  ])('reads usage %s', (_, chunks) => {
    const reply = collect([chunkOf({ content: 'x' }), finishChunk('stop'), ...chunks])
    expect(reply.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 })
  })

  it('takes a first chunk without choices', () => {
    const filter = { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
    const reply = collect([filter, chunkOf({ content: 'x' }), finishChunk('stop')])
    expect(reply).toMatchObject({
      id: 'c-1',
      model: 'm',
      extra: { members: { prompt_filter_results: [{}] } },
    })
  })

  it.each(['reasoning_content', 'reasoning'])('reads thinking from %s', (field) => {
    const reply = collect([
      chunkOf({ [field]: 'a' }),
      chunkOf({ [field]: 'b' }),
      chunkOf({ content: 'c' }),
      finishChunk('stop'),
    ])
    expect(reply.choices[0]?.parts).toEqual([
      { type: 'reasoning', text: 'ab', signature: null, redacted: null },
      { type: 'text', text: 'c' },
    ])
  })

  it('reads content that is a list of parts, thinking included', () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'ok' },
    ]
    const { parts } = collect([chunkOf({ content }), finishChunk('stop')]).choices[0]!
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'ok' },
    ])
  })

  it('separates calls that share an index', () => {
    expect(
      calls(
        { index: 0, id: 'a', function: { name: 'f', arguments: '1' } },
        { index: 0, id: 'b', function: { name: 'f', arguments: '2' } },
      ),
    ).toEqual([call('a', '1'), call('b', '2')])
  })

  it('joins deltas that repeat id and name', () => {
    const delta = (text: string) => ({ index: 0, id: 'a', function: { name: 'f', arguments: text } })
    expect(calls(delta('{'), delta('}'))).toEqual([call('a', '{}')])
  })

  it('copes with missing indexes, ids and late names', () => {
    expect(
      calls(
        { id: 'a', function: { name: 'f', arguments: '1' } },
        { id: 'b', function: { name: 'f', arguments: '2' } },
      ),
    ).toEqual([call('a', '1'), call('b', '2')])
    const minted = calls(
      { index: 3, function: { arguments: '{' } },
      { index: 3, function: { name: 'f', arguments: '}' } },
    )
    expect(minted).toEqual([call('call_c1_0', '{}')])
  })

  it('keeps the dense order of interleaved calls', () => {
    const events = decode([
      chunkOf({ tool_calls: [{ index: 7, id: 'a', function: { name: 'f', arguments: '1' } }] }),
      chunkOf({ tool_calls: [{ index: 9, id: 'b', function: { name: 'f', arguments: '2' } }] }),
      chunkOf({ tool_calls: [{ index: 7, function: { arguments: '3' } }] }),
      finishChunk('tool_calls'),
    ])
    const indexes = events.filter((event) => event.type === 'tool-call-start').map((event) => event.index)
    expect(indexes).toEqual([0, 1])
    expect(collectReply(events as ReplyEvent[]).choices[0]?.parts).toEqual([call('a', '13'), call('b', '2')])
  })

  it('calls a finish with tool calls by its name, whatever the vendor says', () => {
    const tool = { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }
    const reply = collect([chunkOf(tool), finishChunk('stop')])
    expect(reply.choices[0]?.finish).toMatchObject({ reason: 'tool-calls', providerReason: 'stop' })
  })

  it('accepts a missing terminator after a finish, and a missing finish before a terminator', () => {
    expect(collect([chunkOf({ content: 'x' }), finishChunk('stop')], false).choices[0]?.finish?.reason).toBe(
      'stop',
    )
    expect(collect([chunkOf({ content: 'x' })]).choices[0]?.finish?.reason).toBe('stop')
  })

  it.each([
    ['no event at all', [], false],
    ['no finish and no terminator', [chunkOf({ content: 'x' })], false],
    ['one of two choices unfinished', [finishChunk('stop'), { choices: [{ index: 1, delta: {} }] }], false],
    ['only a terminator', [], true],
  ])('is broken with %s', (_, chunks, terminator) => {
    expect(decode(chunks, terminator).at(-1)).toMatchObject({
      type: 'error',
      failure: { kind: 'server_error' },
    })
  })

  it.each([
    [{ error: { message: 'prompt is too long', code: 400 } }, 'context_window'],
    [{ error: { message: 'busy', code: 503 } }, 'unavailable'],
    [{ error: 'boom' }, 'server_error'],
    [{ error: { message: 'no', type: 'authentication_error' } }, 'authentication'],
  ])('reports %j as an error', (chunk, kind) => {
    const events = decode([chunkOf({ content: 'x' }), chunk, chunkOf({ content: 'y' })])
    expect(events.at(-1)).toMatchObject({ type: 'error', failure: { kind } })
    expect(events.filter((event) => event.type === 'text-delta')).toHaveLength(1)
  })

  it('keeps several choices apart', () => {
    const both = {
      id: 'c',
      choices: [0, 1].map((index) => ({ index, delta: { content: `${index}` }, finish_reason: 'stop' })),
    }
    expect(collect([both]).choices.map((choice) => choice.parts)).toEqual([
      [{ type: 'text', text: '0' }],
      [{ type: 'text', text: '1' }],
    ])
  })
})
