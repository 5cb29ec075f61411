import { describe, expect, it } from 'vitest'
import { collectReply } from '../conversation/collect-reply.ts'
import { carrierOf } from '../conversation/for-test.ts'
import type { Part } from '../conversation/part.ts'
import { sampleRequest } from '../conversation/request.fixture.ts'
import type { ConversationMessage, ConversationRequest } from '../conversation/request.ts'
import type { ReplyEvent } from '../conversation/stream-event.ts'
import { zeroUsage } from '../conversation/usage.ts'
import { findProvider, listWires } from '../providers/registry.ts'
import { sampleTarget } from '../providers/target.fixture.ts'
import type { ProviderProfile, Wire, WireTarget } from '../providers/wire.ts'
import { answerFacts, factsOfRequest, readStream } from './matrix.fixture.ts'
import type { Protocol } from './protocol.ts'
import { protocols } from './protocols.ts'

// What matrix.test.ts holds for chosen conversations and answers, held for random ones: whatever is said, in whatever
// letters and however a stream is cut into deltas, arrives.

const wires = listWires()
const seeds = Array.from({ length: 12 }, (_, seed) => seed + 1)

/** A stream of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Letters of several bytes, what JSON escapes, and what looks like the grammar of a stream. */
const pieces = [
  ...[
    'word',
    ' ',
    'ß',
    '世界',
    '👩‍👩‍👧',
    'e\u0301',
    '\u2028',
    '\n',
    '\r\n\r\n',
    '\t',
    '"',
    '\\',
    '\\u0041',
    '\u0007',
  ],
  ...[
    'data: [DONE]\n\n',
    'event: error\n',
    '{"usage":{}}',
    '"error":',
    '</tool>',
    ': ping',
    'x'.repeat(3000),
  ],
]

class Maker {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  count(upTo: number): number {
    return Math.floor(this.#random() * upTo)
  }

  text(): string {
    const middle = Array.from({ length: 1 + this.count(8) }, () => pieces[this.count(pieces.length)]).join('')
    // Some providers refuse text of white space alone, and some trim it.
    return `a${middle}z`
  }

  arguments(): string {
    const list = Array.from({ length: this.count(4) }, () => this.text())
    return JSON.stringify({ text: this.text(), list, nested: { number: this.count(1e6), none: null } })
  }

  call(id: string): Extract<Part, { type: 'tool-call' }> {
    const name = this.count(2) === 0 ? 'look' : 'find_it'
    return { type: 'tool-call', id, name, kind: 'function', arguments: this.arguments() }
  }

  turns(): ConversationMessage[] {
    const messages: ConversationMessage[] = []
    if (this.count(2) === 0) messages.push({ role: 'system', parts: [{ type: 'text', text: this.text() }] })
    for (let turn = 0; turn < 1 + this.count(4); turn += 1) {
      messages.push({ role: 'user', parts: [{ type: 'text', text: this.text() }] })
      const calls = Array.from({ length: this.count(4) }, (_, at) => this.call(`call_${turn}_${at}`))
      const said = { type: 'text', text: this.text() } as const
      messages.push({ role: 'assistant', parts: [said, ...calls] })
      for (const { id: toolCallId } of calls) {
        const parts = [{ type: 'text', text: this.text() }] as const
        messages.push({ role: 'tool', parts: [{ type: 'tool-result', toolCallId, parts, isError: false }] })
      }
    }
    return [...messages, { role: 'user', parts: [{ type: 'text', text: this.text() }] }]
  }

  /** A text cut anywhere, within a letter of two UTF-16 units too. */
  cut(text: string): string[] {
    const cuts = Array.from({ length: this.count(6) }, () => this.count(text.length + 1)).sort(
      (a, b) => a - b,
    )
    return [0, ...cuts].map((from, at) => text.slice(from, cuts[at])).filter((part) => part !== '')
  }

  /** An answer's events: text, then calls whose deltas come in any order among each other. */
  answer(): ReplyEvent[] {
    const choice = 0
    const events: ReplyEvent[] = [{ type: 'message-start', id: 'x', model: 'm', created: 1 }]
    for (const text of this.cut(this.text())) events.push({ type: 'text-delta', choice, text })
    const calls = Array.from({ length: this.count(4) }, (_, index) => ({
      index,
      call: this.call(`call_${index}`),
    }))
    for (const { index, call } of calls)
      events.push({ type: 'tool-call-start', choice, index, id: call.id, name: call.name, kind: 'function' })
    const waiting = calls.map(({ index, call }) => ({ index, deltas: this.cut(call.arguments) }))
    while (waiting.some(({ deltas }) => deltas.length > 0)) {
      const next = waiting[this.count(waiting.length)]
      const delta = next?.deltas.shift()
      if (next !== undefined && delta !== undefined)
        events.push({ type: 'tool-call-delta', choice, index: next.index, arguments: delta })
    }
    for (const { index } of calls) events.push({ type: 'tool-call-end', choice, index })
    const reason = calls.length > 0 ? 'tool-calls' : 'stop'
    events.push({ type: 'finish', choice, finish: { reason, providerReason: null, stopSequence: null } })
    const usage = { ...zeroUsage, inputTokens: this.count(1e6), outputTokens: this.count(1e6) }
    return [...events, { type: 'usage-available', usage }]
  }
}

function clientOf(protocol: Protocol): Wire {
  const wire = wires.find(({ dialect }) => dialect === protocol.id)
  if (wire === undefined) throw new Error(`no wire speaks ${protocol.id}`)
  return wire
}

function targetOf(wire: Wire): WireTarget {
  const profile = findProvider(wire.id) ?? findProvider('openai')
  const provider: ProviderProfile = { ...(profile as ProviderProfile), wireId: wire.id }
  const model = wire.dialect === 'google-generate' ? 'gemini-3-flash' : 'claude-sonnet-4-5'
  return sampleTarget(provider, model, { dropParams: true, modifyParams: true })
}

const parsing = { operation: 'chat', model: 'group', stream: false, dropParams: true } as const
const read = (protocol: Protocol, body: unknown): ConversationRequest =>
  protocol.parseRequest(JSON.parse(JSON.stringify(body)), { ...parsing, carrier: carrierOf('anthropic') })

describe.each(protocols.map((protocol) => [protocol.id, protocol] as const))(
  'clients of %s',
  (id, protocol) => {
    it.each(seeds)('say everything to every provider, seed %i', (seed) => {
      const tools = ['look', 'find_it'].map((name) => ({
        type: 'function' as const,
        name,
        description: null,
        parameters: { type: 'object' },
        strict: null,
      }))
      const said = sampleRequest({
        dialect: id,
        tools,
        messages: new Maker(seed).turns(),
        maxOutputTokens: 99,
      })
      const facts = factsOfRequest(said)
      const client = clientOf(protocol)
      const received = read(protocol, client.encodeRequest(said, targetOf(client)).body)
      expect(factsOfRequest(received)).toEqual(facts)
      for (const wire of wires) {
        const { body } = wire.encodeRequest(received, targetOf(wire))
        const reader = protocols.find((other) => other.id === wire.dialect)
        if (reader !== undefined)
          expect([wire.id, factsOfRequest(read(reader, body))]).toEqual([wire.id, facts])
      }
    })

    it.each(seeds)('get every answer however it was cut, seed %i', (seed) => {
      const events = new Maker(seed).answer()
      const expected = answerFacts(collectReply(events), id)
      const options = {
        operation: 'chat',
        includesUsage: true,
        body: {},
        carrier: carrierOf('anthropic'),
      } as const
      const formatter = protocol.createStreamFormatter(
        { id: 'answer-1', created: 5, model: 'group' },
        options,
      )
      const stream = events.map((event) => formatter.format(event)).join('') + formatter.end()
      expect(answerFacts(readStream(clientOf(protocol), stream), id)).toEqual(expected)
    })
  },
)
