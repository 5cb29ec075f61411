import { describe, expect, it } from 'vitest'
import { collectReply } from './collect-reply.ts'
import { replayReply } from './replay-reply.ts'
import type { ConversationReply, Finish, ReplyPart } from './reply.ts'

/** Reproducible numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function randomPart(random: () => number): ReplyPart {
  const text = `t${Math.floor(random() * 1000)} é世`
  const native = { type: 'page_location', at: random() }
  const kinds: readonly (() => ReplyPart)[] = [
    () => ({ type: 'text', text }),
    () => ({ type: 'text', text, citations: [{ url: null, title: null, citedText: text, native }] }),
    () => ({ type: 'reasoning', text, signature: null, redacted: null }),
    () => ({ type: 'reasoning', text, signature: `s${random()}`, redacted: null }),
    () => ({ type: 'reasoning', text: '', signature: null, redacted: text }),
    () => ({ type: 'refusal', text }),
    () => ({ type: 'tool-call', id: `c${random()}`, name: 'f', kind: 'function', arguments: '{"a":1}' }),
    () => ({ type: 'tool-call', id: `c${random()}`, name: 'g', kind: 'custom', arguments: '' }),
    () => ({ type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } }),
    () => ({ type: 'opaque', dialect: 'anthropic-messages', value: { type: 'x', n: random() } }),
  ]
  return kinds[Math.floor(random() * kinds.length)]!()
}

function randomReply(seed: number): ConversationReply {
  const random = seeded(seed)
  const finish: Finish = { reason: 'stop', providerReason: 'end_turn', stopSequence: null }
  const choices = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => ({
    index,
    parts: Array.from({ length: 1 + Math.floor(random() * 6) }, () => randomPart(random)),
    finish,
  }))
  const extra = random() < 0.5 ? null : { dialect: 'openai-chat' as const, members: { seed } }
  return { id: `r${seed}`, model: 'm', created: seed, choices, usage: null, extra }
}

describe('collectReply', () => {
  it('gives back every replayed answer', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const reply = randomReply(seed)
      expect(collectReply(replayReply(reply))).toEqual(reply)
    }
  })

  it('gives the same answer when choices are interleaved', () => {
    const reply = randomReply(7)
    const events = replayReply({ ...reply, choices: [reply.choices[0]!, { ...reply.choices[0]!, index: 1 }] })
    const ofChoice = (choice: number) =>
      events.filter((event) => 'choice' in event && event.choice === choice)
    const [first, second] = [ofChoice(0), ofChoice(1)]
    const interleaved = first.flatMap((event, index) => [event, second[index]!])
    const collected = collectReply(interleaved)
    expect(collected.choices[0]?.parts).toEqual(reply.choices[0]!.parts)
    expect(collected.choices[1]?.parts).toEqual(reply.choices[0]!.parts)
  })

  it('joins deltas of one block and separates blocks', () => {
    const reply = collectReply([
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'text-delta', choice: 0, text: 'b' },
      { type: 'block-end', choice: 0 },
      { type: 'text-delta', choice: 0, text: 'c' },
    ])
    expect(reply.choices[0]?.parts).toEqual([
      { type: 'text', text: 'ab' },
      { type: 'text', text: 'c' },
    ])
    expect(reply.choices[0]?.finish).toBeNull()
  })

  it('keeps the last usage, never a sum', () => {
    const usage = (outputTokens: number) => ({
      inputTokens: 1,
      outputTokens,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      cacheWriteOneHourTokens: 0,
      reasoningTokens: 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
      searchCalls: 0,
    })
    const reply = collectReply([
      { type: 'usage-available', usage: usage(3) },
      { type: 'usage-available', usage: usage(5) },
    ])
    expect(reply.usage?.outputTokens).toBe(5)
  })
})
