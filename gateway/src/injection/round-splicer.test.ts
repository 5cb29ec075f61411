import { describe, expect, it } from 'vitest'
import { collectReply } from '../conversation/collect-reply.ts'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply, ReplyPart } from '../conversation/reply.ts'
import { type Usage, zeroUsage } from '../conversation/usage.ts'
import { RoundSplicer } from './round-splicer.ts'

const call = (name: string, id: string): ReplyPart => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  arguments: '{}',
})
const text = (content: string): ReplyPart => ({ type: 'text', text: content })
const used = (inputTokens: number, outputTokens: number): Usage => ({
  ...zeroUsage,
  inputTokens,
  outputTokens,
})

function round(parts: readonly ReplyPart[], usage: Usage, reason: 'stop' | 'tool-calls'): ConversationReply {
  const finish = { reason, providerReason: null, stopSequence: null }
  return { id: 'x', model: 'm', created: 1, choices: [{ index: 0, parts, finish }], usage, extra: null }
}

function splice(rounds: readonly ConversationReply[], holdsPreamble = false) {
  const splicer = new RoundSplicer(new Set(['load_skill']), holdsPreamble)
  const events = rounds.flatMap((reply, at) => {
    const passed = replayReply(reply).flatMap((event) => splicer.push(event))
    const ended = splicer.endRound()
    expect(ended.parts).toEqual(reply.choices[0]?.parts)
    if (at < rounds.length - 1) splicer.beginRound()
    return passed
  })
  events.push(...splicer.conclude())
  return { events, reply: collectReply(events) }
}

describe('RoundSplicer', () => {
  it('makes one answer of two, without the calls between them', () => {
    const { events, reply } = splice([
      round([text('Let me see.'), call('load_skill', 'a')], used(10, 5), 'tool-calls'),
      round([text('Done.')], used(40, 7), 'stop'),
    ])
    expect(reply.choices[0]?.parts).toEqual([text('Let me see.'), text('\n\nDone.')])
    expect(reply.choices[0]?.finish?.reason).toBe('stop')
    expect(reply.usage).toEqual(used(40, 12))
    expect(events.filter(({ type }) => type === 'message-start')).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1)
  })

  it('numbers the calls that are left without gaps', () => {
    const { events } = splice([
      round([call('load_skill', 'a')], used(1, 1), 'tool-calls'),
      round(
        [call('load_skill', 'b'), call('mine', 'c'), call('load_skill', 'd'), call('mine', 'e')],
        used(1, 1),
        'tool-calls',
      ),
    ])
    const starts = events.filter((event) => event.type === 'tool-call-start')
    expect(starts.map(({ id, index }) => [id, index])).toEqual([
      ['c', 0],
      ['e', 1],
    ])
  })

  it('passes everything where there is no tool of ours', () => {
    const splicer = new RoundSplicer(new Set())
    const events = replayReply(round([call('load_skill', 'a')], used(1, 1), 'tool-calls'))
    expect(
      events.flatMap((event) => splicer.push(event)).filter(({ type }) => type === 'tool-call-start'),
    ).toHaveLength(1)
    expect(splicer.endRound().internalCalls).toEqual([])
  })

  it('says nothing of a round that is made again', () => {
    const splicer = new RoundSplicer(new Set(['load_skill']))
    splicer.push({ type: 'usage-available', usage: used(9, 9) })
    splicer.push({
      type: 'tool-call-start',
      choice: 0,
      index: 0,
      id: 'a',
      name: 'load_skill',
      kind: 'function',
    })
    splicer.forgetRound()
    splicer.push({ type: 'usage-available', usage: used(2, 3) })
    expect(splicer.endRound()).toMatchObject({ parts: [], internalCalls: [] })
    expect(splicer.usage).toEqual(used(2, 3))
  })

  it.each([
    ['is left out when a skill is read', [text('Let me see.'), call('load_skill', 'a')], [text('Done.')]],
    [
      'is sent when it is long',
      [text('x'.repeat(201)), call('load_skill', 'a')],
      [text('x'.repeat(201)), text('\n\nDone.')],
    ],
    [
      "is sent in front of the client's calls",
      [text('Wait.'), call('mine', 'b'), call('load_skill', 'a')],
      [text('Wait.'), call('mine', 'b'), text('\n\nDone.')],
    ],
  ])('short text that is held back %s', (_, first, seen) => {
    const { reply } = splice(
      [round(first, used(10, 5), 'tool-calls'), round([text('Done.')], used(40, 7), 'stop')],
      true,
    )
    expect(reply.choices[0]?.parts).toEqual(seen)
    expect(splice([round([text('Hi.')], used(1, 1), 'stop')], true).reply.choices[0]?.parts).toEqual([
      text('Hi.'),
    ])
  })
})
