import { describe, expect, it } from 'vitest'
import { collectReply } from '../conversation/collect-reply.ts'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply, ReplyPart } from '../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../conversation/stream-event.ts'
import { plainReplyContext, type ReplyContext } from './reply-context.ts'
import { restoreReply, restoreStream } from './restore-reply.ts'

const replyOf = (...parts: ReplyPart[]): ConversationReply => ({
  id: 'r',
  model: 'm',
  created: null,
  choices: [
    { index: 0, parts, finish: { reason: 'tool-calls', providerReason: 'tool_use', stopSequence: null } },
  ],
  usage: null,
  extra: null,
})
const call = (name: string, args: string, kind: 'function' | 'custom' = 'function'): ReplyPart => ({
  type: 'tool-call',
  id: `id-${name}`,
  name,
  kind,
  arguments: args,
})

const context: ReplyContext = {
  toolNames: new Map([['short', 'a very long name']]),
  customTools: new Set(['patch']),
  jsonTool: 'json_tool_call',
}

describe('restoreReply', () => {
  it('returns the same answer when nothing was changed', () => {
    const reply = replyOf(call('f', '{}'))
    expect(restoreReply(reply, plainReplyContext)).toBe(reply)
  })

  it('gives names back, unwraps free text, and leaves other calls alone', () => {
    const reply = replyOf(
      call('short', '{"a":1}'),
      call('patch', '{"input":"a\\nb"}'),
      call('f', '{"input":"x"}'),
    )
    const restored = restoreReply(reply, context).choices[0]
    expect(restored?.parts).toEqual([
      { ...call('short', '{"a":1}'), name: 'a very long name' },
      call('patch', 'a\nb', 'custom'),
      call('f', '{"input":"x"}'),
    ])
    expect(restored?.finish?.reason).toBe('tool-calls')
  })

  it('keeps free text that was not wrapped as asked', () => {
    expect(restoreReply(replyOf(call('patch', 'oops')), context).choices[0]?.parts).toEqual([
      call('patch', 'oops', 'custom'),
    ])
  })

  it('turns the stand-in of a response format into text that finished normally', () => {
    const restored = restoreReply(replyOf(call('json_tool_call', '{"a":1}')), context).choices[0]
    expect(restored?.parts).toEqual([{ type: 'text', text: '{"a":1}' }])
    expect(restored?.finish?.reason).toBe('stop')
  })

  it('keeps the indexes of other calls dense beside it', () => {
    const events = replayReply(replyOf(call('json_tool_call', '{}'), call('f', '{}')))
    const decoder = { push: () => events as StreamEvent[], end: () => [] }
    const restored = restoreStream(decoder, context).push({ event: null, data: '' })
    expect(restored.filter((event) => event.type === 'tool-call-start').map((event) => event.index)).toEqual([
      0,
    ])
    expect(restored.at(-1)).toMatchObject({ type: 'finish', finish: { reason: 'tool-calls' } })
  })

  it('is the same for a whole answer and for its stream', () => {
    const reply = replyOf({ type: 'text', text: 'x' }, call('patch', '{"input":"y"}'), call('short', '{}'))
    const decoder = { push: () => replayReply(reply) as StreamEvent[], end: () => [] }
    const events = restoreStream(decoder, context).push({ event: null, data: '' })
    expect(collectReply(events as ReplyEvent[])).toEqual(restoreReply(reply, context))
  })
})
