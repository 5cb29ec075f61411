import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { Transport } from '../transport/transport.ts'
import type { AttemptOptions, AttemptResult, Attempt as RealAttempt, StreamTarget } from './attempt.ts'
import type { StreamRelay } from './relay.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

/** Gives what it is given; `!` is an error of the provider, `-` an event that is not for the client. */
class EchoRelay implements StreamRelay {
  readonly encoding = 'utf8'
  readonly mediaType = 'event-stream'
  failure: UpstreamFailure | null = null
  readonly usage = null
  readonly estimatedOutputTokens = 0
  readonly #last: string | null

  constructor(last: string | null = null) {
    this.#last = last
  }

  push(chunk: Buffer): string | null {
    const text = chunk.toString()
    if (text.endsWith('!')) this.failure = unreadableAnswer('an error')
    const shown = text.replace(/[-!]$/, '')
    return shown === '' ? null : shown
  }

  end(): string | null {
    if (this.#last === null) this.failure = unreadableAnswer('half a stream')
    return this.#last
  }
}

class CollectingTarget implements StreamTarget {
  readonly events: string[] = []
  flowing = true

  write(text: string): boolean {
    this.events.push(text)
    return this.flowing
  }

  finish(failure: UpstreamFailure | null): void {
    this.events.push(failure === null ? 'END' : `FAILED: ${failure.message}`)
  }
}

const upstreamRequest = { origin: 'http://up', method: 'POST', path: '/', headers: [], body: null } as const
let transport: ScriptedTransport
let Attempt: typeof RealAttempt

function start(patch: Partial<AttemptOptions> = {}): RealAttempt {
  return new Attempt(upstreamRequest, {
    transport,
    timeoutMs: 60_000,
    idleTimeoutMs: 40_000,
    maxResponseBytes: 1_000,
    relay: null,
    readReply: (body) => ({ body, usage: null }),
    decodeError: (status, headers, body) => ({
      ...unreadableAnswer(`${status} ${headers['x-a'] ?? ''} ${body.length > 50 ? body.length : body}`),
      kind: 'bad_request',
    }),
    ...patch,
  })
}

function failureOf(result: AttemptResult): string | null {
  return result.kind === 'failure' ? `${result.failure.kind}: ${result.failure.message}` : null
}

/** What `result` has settled with so far. */
async function settled(attempt: RealAttempt): Promise<string> {
  return (await Promise.race([attempt.result, Promise.resolve({ kind: 'pending' })])).kind
}

beforeEach(async () => {
  vi.useFakeTimers()
  // A module of its own: the ticker of long deadlines may be running on the real clock.
  vi.resetModules()
  ;({ Attempt } = await import('./attempt.ts'))
  transport = new ScriptedTransport()
})

afterEach(async () => {
  await vi.advanceTimersByTimeAsync(1_000)
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a plain answer', () => {
  it('is given whole, with headers and the time of its first byte', async () => {
    const attempt = start()
    const call = transport.last
    call.headers(201, { 'content-type': 'application/json', 'x-a': '1' })
    expect(attempt.firstByteAt).toBeNull()
    call.data('{"a":')
    call.data('1}')
    expect(attempt.firstByteAt).not.toBeNull()
    expect(await settled(attempt)).toBe('pending')
    call.end()
    const result = await attempt.result
    expect(result.kind === 'reply' && [result.status, result.reply.body.toString()]).toEqual([201, '{"a":1}'])
    expect(attempt.fields.get('x-a')).toBe('1')
    expect(call.request).toBe(upstreamRequest)
  })

  it('is one also when a stream was asked for', async () => {
    const attempt = start({ relay: new EchoRelay() })
    transport.last.answer(200, '{}')
    expect((await attempt.result).kind).toBe('reply')
  })

  it('the reader calls a failure is one, and so is what it throws', async () => {
    const refused = start({ readReply: () => unreadableAnswer('nonsense') })
    transport.last.answer(200, '')
    expect(failureOf(await refused.result)).toBe('server_error: The provider answered nonsense')
    const thrown = start({
      readReply: () => {
        throw new TypeError('no data')
      },
    })
    transport.last.answer(200, '{}')
    expect(failureOf(await thrown.result)).toContain('no data')
  })

  it('larger than allowed ends the call', async () => {
    const exact = start()
    transport.last.answer(200, 'x'.repeat(1_000))
    expect((await exact.result).kind).toBe('reply')
    const attempt = start()
    transport.last.headers(200)
    transport.last.data('x'.repeat(999))
    transport.last.data('xx')
    expect(failureOf(await attempt.result)).toMatch(/^response_too_large: .*more than 1000 bytes/)
    expect(transport.last.cancels).toBe(1)
  })
})

describe('an error status', () => {
  it('is decoded with its headers and body', async () => {
    const attempt = start({ relay: new EchoRelay() })
    transport.last.answer(429, 'slow down', { 'x-a': 'b', 'content-type': 'text/event-stream' })
    expect(failureOf(await attempt.result)).toContain('429 b slow down')
  })

  it('is read up to a bound, whatever its length', async () => {
    const attempt = start()
    transport.last.headers(500)
    for (let index = 0; index < 100; index += 1) expect(transport.last.data('x'.repeat(10_000))).toBe(true)
    transport.last.end()
    expect(failureOf(await attempt.result)).toContain('500  70000')
  })

  it('that cannot be decoded is a failure all the same', async () => {
    const attempt = start({
      decodeError: () => {
        throw new Error('undecodable')
      },
    })
    transport.last.answer(500, 'x')
    expect(failureOf(await attempt.result)).toContain('undecodable')
  })
})

describe('a broken connection', () => {
  it('before or in the middle of an answer is a failure', async () => {
    const before = start()
    transport.last.fail(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
    expect(failureOf(await before.result)).toBe('connection: Connection refused')
    const middle = start()
    transport.last.headers(200)
    transport.last.data('{')
    transport.last.fail(new Error('x'))
    expect(failureOf(await middle.result)).toContain('connection: The connection broke')
  })

  it('a transport that throws is one too, and can be cancelled', async () => {
    const throwing: Transport = {
      send: () => {
        throw new Error('The value of header x has a forbidden character.')
      },
      close: () => Promise.resolve(),
    }
    const attempt = start({ transport: throwing })
    expect(failureOf(await attempt.result)).toContain('connection:')
    attempt.cancel()
    attempt.resume()
  })
})

describe('time', () => {
  it('without an answer runs out', async () => {
    for (const begin of [() => {}, () => transport.last.headers(200), () => transport.last.stream('-')]) {
      const attempt = start({ relay: new EchoRelay(), timeoutMs: 2_000 })
      begin()
      await vi.advanceTimersByTimeAsync(1_999)
      expect(await settled(attempt)).toBe('pending')
      await vi.advanceTimersByTimeAsync(1)
      expect(failureOf(await attempt.result)).toBe('timeout: Timed out: no answer within 2 s')
      expect(transport.last.cancels).toBe(1)
    }
  })

  it('counts to the end of a plain answer, however it drips', async () => {
    const attempt = start({ timeoutMs: 2_000 })
    transport.last.headers(200)
    for (let index = 0; index < 4; index += 1) {
      transport.last.data('x')
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(failureOf(await attempt.result)).toContain('timeout')
  })

  it('of a stream counts to its first event, then only silence does', async () => {
    const target = new CollectingTarget()
    const attempt = start({ relay: new EchoRelay('last'), timeoutMs: 2_000, idleTimeoutMs: 8_000 })
    transport.last.stream('one')
    attempt.pipeTo(target)
    for (let index = 0; index < 20; index += 1) {
      await vi.advanceTimersByTimeAsync(7_000)
      // What is not for the client is no silence either.
      transport.last.data('-')
    }
    expect(target.events).toEqual(['one'])
    await vi.advanceTimersByTimeAsync(7_999)
    expect(target.events).toEqual(['one'])
    await vi.advanceTimersByTimeAsync(2_001)
    expect(target.events).toEqual(['one', 'FAILED: Timed out: no data for 8 s'])
    expect(transport.last.cancels).toBe(1)
  })

  it('in which the client does not read is not held against the provider', async () => {
    const target = new CollectingTarget()
    const attempt = start({ relay: new EchoRelay('last'), idleTimeoutMs: 8_000 })
    transport.last.stream('one')
    attempt.pipeTo(target)
    target.flowing = false
    expect(transport.last.data('two')).toBe(false)
    await vi.advanceTimersByTimeAsync(100_000)
    expect(target.events).toEqual(['one', 'two'])
    target.flowing = true
    attempt.resume()
    await vi.advanceTimersByTimeAsync(7_999)
    expect(target.events).toEqual(['one', 'two'])
    await vi.advanceTimersByTimeAsync(4_001)
    expect(target.events.at(-1)).toContain('FAILED')
  })
})

describe('a stream', () => {
  it('settles with its first event, keeps what comes, and then hands everything on', async () => {
    const attempt = start({ relay: new EchoRelay('last') })
    transport.last.stream('-')
    expect(await settled(attempt)).toBe('pending')
    transport.last.data('one')
    transport.last.data('two')
    expect((await attempt.result).kind).toBe('stream')
    const target = new CollectingTarget()
    attempt.pipeTo(target)
    transport.last.data('three')
    transport.last.end()
    expect(target.events).toEqual(['one', 'two', 'three', 'last', 'END'])
  })

  it.each([
    ['ended', (): void => transport.last.end(), 'END'],
    ['broke', (): void => transport.last.fail(new Error('x')), 'FAILED: The connection broke before'],
    [
      'reported an error',
      (): void => void transport.last.data('two!'),
      'FAILED: The provider answered an error',
    ],
  ])('that %s before anyone took it says so to who takes it', async (_, finish, expected) => {
    const attempt = start({ relay: new EchoRelay('last') })
    transport.last.stream('one')
    finish()
    expect((await attempt.result).kind).toBe('stream')
    const target = new CollectingTarget()
    attempt.pipeTo(target)
    expect(target.events[0]).toBe('one')
    expect(target.events.at(-1)).toContain(expected)
    expect(target.events.filter((event) => event === 'END' || event.startsWith('FAILED'))).toHaveLength(1)
  })

  it('whose first event is an error is a failure', async () => {
    const attempt = start({ relay: new EchoRelay() })
    transport.last.stream('!')
    expect(failureOf(await attempt.result)).toContain('an error')
    expect(transport.last.cancels).toBe(1)
  })

  it('that ends without an event, or too early, is a failure', async () => {
    const empty = start({ relay: Object.assign(new EchoRelay(), { end: () => null }) })
    transport.last.stream('-')
    transport.last.end()
    expect(failureOf(await empty.result)).toContain('an empty stream')
    const half = start({ relay: new EchoRelay() })
    transport.last.stream()
    transport.last.end()
    expect(failureOf(await half.result)).toContain('half a stream')
  })

  it('pauses for a client that reads slowly, and goes on', async () => {
    const attempt = start({ relay: new EchoRelay('last') })
    transport.last.stream('one')
    const target = new CollectingTarget()
    attempt.pipeTo(target)
    target.flowing = false
    expect(transport.last.data('two')).toBe(false)
    target.flowing = true
    attempt.resume()
    expect(transport.last.resumes).toBe(1)
    expect(transport.last.data('three')).toBe(true)
    transport.last.end()
  })

  it('may come as any spelling of the content type', async () => {
    const attempt = start({ relay: new EchoRelay('last') })
    transport.last.headers(200, { 'content-type': 'Text/Event-Stream' })
    transport.last.data('one')
    expect((await attempt.result).kind).toBe('stream')
    attempt.cancel()
  })
})

describe('cancel', () => {
  it.each([
    ['before the head', () => {}],
    ['after the head', () => transport.last.headers(200)],
    ['in the middle of the body', () => transport.last.stream('-')],
  ])('%s settles as cancelled', async (_, begin) => {
    const attempt = start({ relay: new EchoRelay() })
    begin()
    attempt.cancel()
    attempt.cancel()
    expect((await attempt.result).kind).toBe('cancelled')
    expect(transport.last.cancels).toBeGreaterThan(0)
  })

  it('in the middle of a stream ends it without a word', async () => {
    const attempt = start({ relay: new EchoRelay() })
    transport.last.stream('one')
    const target = new CollectingTarget()
    attempt.pipeTo(target)
    attempt.cancel()
    await vi.advanceTimersByTimeAsync(200_000)
    expect((await attempt.result).kind).toBe('stream')
    expect(target.events).toEqual(['one'])
  })

  it('after the end changes nothing, and what a transport says later is ignored', async () => {
    const attempt = start()
    transport.last.answer(200, '{}')
    attempt.cancel()
    attempt.onData(Buffer.from('late'))
    attempt.onEnd()
    attempt.onFailure(new Error('late'))
    expect((await attempt.result).kind).toBe('reply')
  })
})
