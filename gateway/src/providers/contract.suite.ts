import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collectReply } from '../conversation/collect-reply.ts'
import type { FinishReason, ReplyPart } from '../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../conversation/stream-event.ts'
import type { Usage } from '../conversation/usage.ts'
import { createStreamParser } from '../relay/framing.ts'
import type { FailureKind } from './failure.ts'
import { readStreamFixture } from './read-stream.fixture.ts'
import { plainReplyContext } from './reply-context.ts'
import type { ProviderProfile, Wire } from './wire.ts'

/**
 * What a wire brings to the contract: its own spelling of the same answers, in `fixtures/<case>.json` and, for the
 * stream, `.sse` or `.ndjson` as it is framed. AWS's binary events are kept as a JSON object a line.
 */
export interface WireContract {
  readonly wire: Wire
  readonly provider: ProviderProfile
  readonly fixtures: URL
  /** What the provider cannot count as the others do in the case `cached`. */
  readonly cachedUsage?: Partial<Usage>
  /** Every finish word of the provider, and a whole answer that carries it. */
  readonly finishes: Readonly<Record<string, FinishReason>>
  readonly answerWithFinish: (word: string) => unknown
  readonly errors: readonly { readonly status: number; readonly body: unknown; readonly kind: FailureKind }[]
  /** Stream text that ends in a reported error, and the kind it stands for. */
  readonly streamError: { readonly text: string | Buffer; readonly kind: FailureKind }
  /** Cases the wire has no words for: why, and what it says instead; null leaves the case out. */
  readonly deviations?: Readonly<
    Record<string, { readonly why: string; readonly expected: Expectation | null }>
  >
}

interface Expectation {
  readonly parts: readonly ReplyPart[]
  readonly finish: FinishReason
}

const text = (value: string): ReplyPart => ({ type: 'text', text: value })
const call = (id: string, city: string): ReplyPart => {
  const shared = { type: 'tool-call', name: 'get_weather', kind: 'function' } as const
  return { ...shared, id, arguments: JSON.stringify({ city }) }
}
const longText = Array.from({ length: 500 }, (_, index) => `word ${index} `).join('')

const cases: Readonly<Record<string, Expectation>> = {
  text: { parts: [text('Grüße, 世界 👋')], finish: 'stop' },
  'parallel-tools': {
    parts: [text('Let me look.'), call('call_a', 'Paris'), call('call_b', 'Oslo')],
    finish: 'tool-calls',
  },
  reasoning: {
    parts: [
      { type: 'reasoning', text: 'Six times seven.', signature: 'c2lnbmF0dXJl==', redacted: null },
      text('42.'),
    ],
    finish: 'stop',
  },
  refusal: { parts: [{ type: 'refusal', text: "I can't help with that." }], finish: 'content-filter' },
  'json-schema': { parts: [text('{"answer":42}')], finish: 'stop' },
  cached: { parts: [text('Yes.')], finish: 'stop' },
  long: { parts: [text(longText)], finish: 'length' },
  unknown: { parts: [text('Yes.')], finish: 'stop' },
}

/** The behaviour every wire shares, run from its own test file. */
export function describeWireContract(contract: WireContract): void {
  const { wire, provider, fixtures } = contract
  const readReply = (name: string): unknown =>
    JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'))
  const readStream = (name: string): Buffer => {
    const bytes = readStreamFixture(wire, name, fixtures)
    if (bytes === null) throw new Error(`the ${wire.id} wire has no stream for ${name}`)
    return bytes
  }
  const decode = (chunks: Iterable<Buffer>): StreamEvent[] => {
    const parser = createStreamParser(wire.framing)
    const decoder = wire.createStreamDecoder(plainReplyContext)
    const events: StreamEvent[] = []
    for (const chunk of chunks) for (const event of parser.push(chunk)) events.push(...decoder.push(event))
    for (const event of parser.end()) events.push(...decoder.push(event))
    return [...events, ...decoder.end()]
  }
  /** What reaches the client: a framing that breaks off throws, which the relay makes a failure. */
  const isBroken = (chunks: Iterable<Buffer>): boolean => {
    try {
      return decode(chunks).at(-1)?.type === 'error'
    } catch {
      return true
    }
  }
  const expectations = Object.entries(cases).flatMap(([name, expected]) => {
    const deviation = contract.deviations?.[name]
    const wanted = deviation === undefined ? expected : deviation.expected
    return wanted === null ? [] : [[name, wanted] as const]
  })

  describe(`the ${wire.id} wire`, () => {
    describe.each(expectations)('%s', (name, expected) => {
      it('is decoded from a whole answer', () => {
        const reply = wire.decodeReply(readReply(name), plainReplyContext)
        expect(reply.choices).toHaveLength(1)
        expect(reply.choices[0]?.parts).toEqual(expected.parts)
        expect(reply.choices[0]?.finish?.reason).toBe(expected.finish)
      })

      it('is the same from a stream', () => {
        const events = decode([readStream(name)]) as ReplyEvent[]
        const { created: _, ...reply } = wire.decodeReply(readReply(name), plainReplyContext)
        expect(collectReply(events)).toMatchObject(reply)
      })

      it('is the same however the bytes are split', () => {
        const bytes = readStream(name)
        const events = decode([bytes])
        expect(decode(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(events)
        // Every split of the long stream would be a quadratic amount of work that shows nothing more.
        const step = bytes.length > 10_000 ? Math.floor(bytes.length / 25) : 1
        for (let cut = 1; cut < bytes.length; cut += step) {
          expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(events)
        }
      })

      it('is an error when the stream breaks off', () => {
        const bytes = readStream(name)
        expect(isBroken([bytes.subarray(0, Math.floor(bytes.length / 3))])).toBe(true)
      })
    })

    it('counts cached and cache-written tokens as part of the input', () => {
      const usage = wire.decodeReply(readReply('cached'), plainReplyContext).usage
      const counts = { cacheReadTokens: 900, cacheWriteTokens: 100, reasoningTokens: 8 }
      expect(usage).toMatchObject({
        inputTokens: 1024,
        outputTokens: 20,
        ...counts,
        ...contract.cachedUsage,
      })
    })

    it('keeps members it does not know', () => {
      const reply = wire.decodeReply(readReply('unknown'), plainReplyContext)
      expect(reply.extra).toEqual({ dialect: wire.dialect, members: { vendor_data: { kept: true } } })
    })

    it.each(Object.entries(contract.finishes))('maps the finish %s to %s', (word, reason) => {
      const reply = wire.decodeReply(contract.answerWithFinish(word), plainReplyContext)
      expect(reply.choices[0]?.finish).toMatchObject({ reason, providerReason: word })
    })

    it('takes no word of the provider for a member of an object', () => {
      const reply = wire.decodeReply(contract.answerWithFinish('constructor'), plainReplyContext)
      expect(reply.choices[0]?.finish).toMatchObject({ reason: 'stop', providerReason: 'constructor' })
      const failure = wire.findFailure({ error: { type: 'constructor', code: 'toString', message: 'x' } })
      expect(failure).toMatchObject({ kind: 'server_error', status: 500 })
    })

    it.each(contract.errors)('classifies $status as $kind', ({ status, body, kind }) => {
      const failure = wire.decodeError(status, {}, JSON.stringify(body), provider)
      expect(failure).toMatchObject({ kind, status })
      expect(failure.message).not.toBe('')
    })

    it.each([
      ['a page', '<!doctype html><html><body>Bad gateway</body></html>'],
      ['nothing', ''],
      ['a number', '5'],
    ])('reports %s instead of an error body', (_, body) => {
      const failure = wire.decodeError(502, { 'content-type': 'text/html' }, body, provider)
      expect(failure.kind).toBe('server_error')
      expect(failure.message).not.toContain('<')
      expect(failure.message).not.toBe('')
    })

    it.each([null, [], 'text', {}, { choices: 'x', content: 'x' }])('refuses %j as an answer', (body) => {
      expect(() => wire.decodeReply(body, plainReplyContext)).toThrow(/could not be read/)
    })

    it('reports an error inside the stream once and stops', () => {
      const error = Buffer.from(contract.streamError.text as string)
      const errors = decode([Buffer.concat([error, error])])
      expect(errors.filter((event) => event.type === 'error')).toHaveLength(1)
      expect(errors.at(-1)).toMatchObject({ type: 'error', failure: { kind: contract.streamError.kind } })
    })

    it('scrubs secrets from error texts, and caps them', () => {
      const key = `sk-${'a1b2c3d4'.repeat(6)}`
      const message = `Incorrect key ${key}. ${'é'.repeat(5000)}`
      const failure = wire.decodeError(401, {}, JSON.stringify({ error: { message, type: 'x' } }), provider)
      expect(failure.message).not.toContain(key)
      expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(2048)
    })

    it('reads Retry-After in seconds, as a date and in milliseconds', () => {
      const body = JSON.stringify({ error: { message: 'slow down', type: 'rate_limit_error' } })
      const wait = (headers: Record<string, string>) =>
        wire.decodeError(429, headers, body, provider).retryAfterMs
      const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
      expect(wait({ 'retry-after': '12' })).toBe(12_000)
      expect(wait({ 'retry-after-ms': '250', 'retry-after': '1' })).toBe(250)
      expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:05 GMT', date })).toBe(5000)
      expect(wait({ 'retry-after': 'soon' })).toBeNull()
      expect(wait({})).toBeNull()
    })
  })
}
