import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { carrierOf } from '../conversation/for-test.ts'
import { replayReply } from '../conversation/replay-reply.ts'
import type { ConversationReply, FinishReason } from '../conversation/reply.ts'
import { sampleRequest } from '../conversation/request.fixture.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import { failureToError } from '../providers/failure-to-error.ts'
import { readStreamFixture } from '../providers/read-stream.fixture.ts'
import { findProvider, listWires } from '../providers/registry.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import { sampleTarget } from '../providers/target.fixture.ts'
import type { ProviderProfile, Wire, WireTarget } from '../providers/wire.ts'
import { renderError } from './error-envelopes.ts'
import { dataOf } from './event-text.ts'
import {
  answerFacts,
  conversation,
  factsOfRequest,
  finishLosses,
  longHistory,
  readStream,
  relayStream,
  requestTexts,
  structured,
} from './matrix.fixture.ts'
import type { Protocol } from './protocol.ts'
import { protocols } from './protocols.ts'

// Every dialect clients speak against every wire providers speak. Both come from their registries: a new one is in the
// matrix once it is registered and its wire has the fixtures of the contract suite. What a client would see is read
// back with the wire of the client's own dialect, so that nothing here knows how a dialect spells anything.

/** Agents keep a conversation themselves and are sent its last message only, so that they have no place here. */
const wires = listWires().filter(({ dialect }) => dialect !== 'a2a-message')
const pairs = protocols.flatMap((protocol) =>
  wires.map((wire) => [protocol.id, wire.id, protocol, wire] as const),
)
const fixtures = [
  'text',
  'parallel-tools',
  'reasoning',
  'refusal',
  'json-schema',
  'cached',
  'long',
  'unknown',
]
const head = { id: 'answer-1', created: 5, model: 'group' }

/** The wire that reads and writes what clients of this dialect do. */
function clientOf(protocol: Protocol): Wire {
  const wire = wires.find(({ dialect }) => dialect === protocol.id)
  if (wire === undefined) throw new Error(`no wire speaks ${protocol.id}`)
  return wire
}

function targetOf(wire: Wire, members: Partial<WireTarget> = {}): WireTarget {
  const profile = findProvider(wire.id) ?? findProvider('openai')
  const provider: ProviderProfile = { ...(profile as ProviderProfile), wireId: wire.id }
  const model = wire.dialect === 'google-generate' ? 'gemini-3-flash' : 'claude-sonnet-4-5'
  return sampleTarget(provider, model, { dropParams: true, modifyParams: true, ...members })
}

/** OpenAI speaks two wires from one folder. */
function folderOf(wire: Wire): string {
  return wire.id === 'openai-responses' ? 'openai/responses' : wire.id
}

function fixtureOf(wire: Wire, name: string): ConversationReply | null {
  const file = new URL(`../providers/${folderOf(wire)}/fixtures/${name}.json`, import.meta.url)
  return existsSync(file) ? wire.decodeReply(JSON.parse(readFileSync(file, 'utf8')), plainReplyContext) : null
}

/** What a client is told of an answer, whole and streamed. */
function tell(protocol: Protocol, reply: ConversationReply) {
  const options = {
    operation: 'chat',
    includesUsage: true,
    body: {},
    carrier: carrierOf('anthropic'),
  } as const
  const client = clientOf(protocol)
  const whole = client.decodeReply(
    JSON.parse(JSON.stringify(protocol.formatReply(reply, head, options))),
    plainReplyContext,
  )
  const formatter = protocol.createStreamFormatter(head, options)
  const text =
    replayReply(reply)
      .map((event) => formatter.format(event))
      .join('') + formatter.end()
  return { whole, streamed: readStream(client, text) }
}

/** A request as a client of the dialect sends it, read by the dialect, written for the wire. */
function send(protocol: Protocol, wire: Wire, request: ConversationRequest, extra: object = {}) {
  const sent = clientOf(protocol).encodeRequest(
    { ...request, dialect: protocol.id },
    targetOf(clientOf(protocol)),
  ).body
  const body = JSON.parse(JSON.stringify({ ...sent, ...extra })) as Record<string, unknown>
  const options = { operation: 'chat', model: 'group', stream: request.stream, dropParams: true } as const
  const parsed = protocol.parseRequest(body, { ...options, carrier: carrierOf('anthropic') })
  return { parsed, body: wire.encodeRequest(parsed, targetOf(wire)).body }
}

describe.each(pairs)('%s clients of the %s wire', (_protocolId, _wireId, protocol, wire) => {
  it.each(fixtures)('are told the same, whole and streamed: %s', (name) => {
    const reply = fixtureOf(wire, name)
    if (reply === null) return
    const expected = answerFacts(reply, protocol.id)
    const { whole, streamed } = tell(protocol, reply)
    expect(answerFacts(whole, protocol.id)).toEqual(expected)
    expect(answerFacts(streamed, protocol.id)).toEqual(expected)
  })

  it('get the same stream however the provider’s bytes are split', () => {
    const folder = new URL(`../providers/${folderOf(wire)}/fixtures/`, import.meta.url)
    const bytes = readStreamFixture(wire, 'parallel-tools', folder)
    if (bytes === null) return
    const options = {
      operation: 'chat',
      includesUsage: true,
      body: {},
      carrier: carrierOf('anthropic'),
    } as const
    const relay = (chunks: readonly Buffer[]): string =>
      relayStream(wire, protocol.createStreamFormatter(head, options), chunks)
    const expected = relay([bytes])
    expect(relay(Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(expected)
    // Every single cut is the contract suite's; here some do, for there are many pairs.
    for (let cut = 1; cut < bytes.length; cut += 7)
      expect(relay([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(expected)
  })

  it('say everything they have to say', () => {
    const { parsed, body } = send(protocol, wire, conversation)
    const text = JSON.stringify(body)
    for (const fact of requestTexts) expect(text).toContain(fact)
    expect(factsOfRequest(parsed)).toEqual(factsOfRequest(conversation))
    const reader = protocols.find(({ id }) => id === wire.dialect)
    if (reader === undefined) return
    const options = { operation: 'chat', model: 'group', stream: false, dropParams: true } as const
    const received = reader.parseRequest(body, { ...options, carrier: carrierOf('anthropic') })
    expect(factsOfRequest(received)).toEqual(factsOfRequest(conversation))
  })

  it('get their schema to the provider', () => {
    const text = JSON.stringify(send(protocol, wire, structured).body)
    for (const fact of ['answer', 'integer']) expect(text).toContain(fact)
  })

  it('may say what nobody knows yet', () => {
    expect(() => send(protocol, wire, conversation, { brand_new_member: { x: [1, null] } })).not.toThrow()
  })

  it('lose nothing of a long history', () => {
    const { body } = send(protocol, wire, longHistory)
    const text = JSON.stringify(body)
    for (let turn = 0; turn < 40; turn += 1) expect(text).toContain(`turn ${turn}.`)
  })

  it.each([400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 529])('are told of status %i', (status) => {
    const { provider } = targetOf(wire)
    const failure = wire.decodeError(
      status,
      {},
      JSON.stringify({ error: { message: 'Told so.' }, message: 'Told so.' }),
      provider,
    )
    const error = failureToError(failure, provider.title)
    const rendering = { requestId: 'r', codeStyle: 'symbolic' } as const
    const rendered = renderError(protocol.id, error, rendering)
    const shown = status === 529 && protocol.id !== 'anthropic-messages' ? 503 : status === 502 ? 500 : status
    expect(rendered.status).toBe(shown)
    expect(JSON.stringify(rendered.body)).toContain('Told so.')
    const event = protocol.formatStreamError(error, rendering)
    expect(dataOf(event)).toContain('Told so.')
    expect(clientOf(protocol).findFailure(JSON.parse(dataOf(event) ?? ''))?.message).toContain('Told so.')
  })
})

describe.each(protocols.map((protocol) => [protocol.id, protocol] as const))('%s clients', (id, protocol) => {
  const reasons: readonly FinishReason[] = ['stop', 'length', 'tool-calls', 'content-filter', 'pause']

  it.each(reasons)('are told that an answer ended by %s', (reason) => {
    const call = { type: 'tool-call', id: 'call_a', name: 'f', kind: 'function', arguments: '{}' } as const
    const parts = reason === 'tool-calls' ? [call] : ([{ type: 'text', text: 'x' }] as const)
    const finish = { reason, providerReason: null, stopSequence: null }
    const reply = {
      id: 'x',
      model: 'm',
      created: 1,
      choices: [{ index: 0, parts, finish }],
      usage: null,
      extra: null,
    }
    const expected = finishLosses[id]?.[reason] ?? reason
    const { whole, streamed } = tell(protocol, reply)
    expect(whole.choices[0]?.finish?.reason).toBe(expected)
    expect(streamed.choices[0]?.finish?.reason).toBe(expected)
  })

  it.each(['anthropic', 'another'])('bring the signatures of %s back to it, and to nobody else', (family) => {
    const signed = { type: 'reasoning', text: 'hm', signature: 'sig+/==', redacted: null } as const
    const finish = { reason: 'stop', providerReason: null, stopSequence: null } as const
    const parts = [signed, { type: 'text', text: 'x' }] as const
    const reply = {
      id: 'x',
      model: 'm',
      created: 1,
      choices: [{ index: 0, parts, finish }],
      usage: null,
      extra: null,
    }
    const body = { include: ['reasoning.encrypted_content'] }
    const options = { operation: 'chat', includesUsage: true, body, carrier: carrierOf(family) } as const
    const client = clientOf(protocol)
    const told = client.decodeReply(protocol.formatReply(reply, head, options), plainReplyContext)
    const messages = [
      { role: 'user', parts: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', parts: told.choices[0]?.parts ?? [] },
      { role: 'user', parts: [{ type: 'text', text: 'b' }] },
    ] as const
    const sent = client.encodeRequest(sampleRequest({ messages, dialect: id }), targetOf(client)).body
    const readFor = (target: string) => {
      const parsing = {
        operation: 'chat',
        model: 'group',
        stream: false,
        dropParams: true,
        carrier: carrierOf(target),
      } as const
      const found = protocol.parseRequest(JSON.parse(JSON.stringify(sent)), parsing).messages
      return found.flatMap((message) => message.parts).find((part) => part.type === 'reasoning')
    }
    expect(readFor(family)).toEqual(signed)
    // Chat clients carry what they are given as it is, so there the provider has to tell.
    if (id !== 'openai-chat') expect(readFor('a third')?.signature ?? null).toBeNull()
  })
})
