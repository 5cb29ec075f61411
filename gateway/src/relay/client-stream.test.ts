import type { Socket } from 'node:net'
import { GatewayError } from '@routeiq/contract'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Exchange } from '../http/exchange.ts'
import {
  type ExchangeServer,
  rawRequest,
  startExchangeServer,
  until,
} from '../http/testing/exchange-server.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import { Attempt } from './attempt.ts'
import { ClientStream, type ClientStreamOptions } from './client-stream.ts'
import type { StreamRelay } from './relay.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

let server: ExchangeServer
let arrived: Exchange | null = null
let client: Socket
let received = ''
let transport: ScriptedTransport

const wholeEvents: StreamRelay = {
  encoding: 'utf8',
  mediaType: 'event-stream',
  failure: null,
  usage: null,
  estimatedOutputTokens: 0,
  push: (chunk) => chunk.toString(),
  end: () => null,
}

beforeAll(async () => {
  server = await startExchangeServer((exchange) => {
    arrived = exchange
  })
})
afterAll(() => server.close())

beforeEach(async () => {
  arrived = null
  received = ''
  transport = new ScriptedTransport()
  client = await server.connect(rawRequest('POST', '/'))
  client.on('data', (chunk: Buffer) => {
    received += chunk.toString()
  })
  await until(() => arrived !== null)
})
afterEach(() => {
  client.destroy()
})

function open(patch: Partial<ClientStreamOptions> = {}): ClientStream {
  return new ClientStream(arrived as Exchange, {
    contentType: 'text/event-stream; charset=utf-8',
    keepaliveMs: 0,
    keepalive: 'event: ping\n\n',
    stallTimeoutMs: 60_000,
    earlyLines: () => 'x-early: yes\r\n',
    formatFailure: (failure) => `data: failed ${failure.message}\n\n`,
    ...patch,
  })
}

async function beginAttempt(...events: string[]): Promise<Attempt> {
  const attempt = new Attempt(
    { origin: 'http://up', method: 'POST', path: '/', headers: [], body: null },
    {
      transport,
      timeoutMs: Number.POSITIVE_INFINITY,
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      maxResponseBytes: 1_000,
      relay: wholeEvents,
      readReply: (body) => ({ body, usage: null }),
      decodeError: () => unreadableAnswer('an error'),
    },
  )
  transport.last.stream(...events)
  await attempt.result
  return attempt
}

/** Status line and header lines, and the body with its chunks joined. */
async function answer(): Promise<{ head: string; body: string }> {
  await until(() => received.endsWith('\r\n0\r\n\r\n'))
  const split = received.indexOf('\r\n\r\n')
  let rest = received.slice(split + 4)
  let body = ''
  while (rest !== '0\r\n\r\n') {
    const [, digits = '', tail = ''] = /^([0-9a-f]+)\r\n([\s\S]*)$/.exec(rest) ?? []
    const bytes = Buffer.from(tail)
    const length = Number.parseInt(digits, 16)
    body += bytes.subarray(0, length).toString()
    rest = bytes.subarray(length + 2).toString()
  }
  return { head: received.slice(0, split), body }
}

describe('a stream', () => {
  it('sends its head with the first event and everything after it', async () => {
    const stream = open()
    const attempt = await beginAttempt('data: é\n\n')
    expect([stream.committed, received]).toEqual([false, ''])
    stream.begin(attempt, { encoding: 'utf8' }, 'x-line: 1\r\n')
    expect(stream.committed).toBe(true)
    transport.last.data('data: two\n\n')
    transport.last.end()
    expect(await stream.outcome).toEqual({ failure: null, interruption: null })
    const { head, body } = await answer()
    expect(body).toBe('data: é\n\ndata: two\n\n')
    expect(head).toMatch(/^HTTP\/1.1 200 /)
    expect(head).toMatch(/\r\ncontent-type: text\/event-stream; charset=utf-8\r\n/)
    expect(head).toContain('\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n')
    expect(head).toContain('\r\nx-line: 1')
    expect(head).not.toContain('content-length')
  })

  it('that breaks off ends with the failure as its last event', async () => {
    const stream = open()
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8' }, '')
    transport.last.fail(new Error('x'))
    expect((await stream.outcome).failure?.kind).toBe('connection')
    expect((await answer()).body).toMatch(/^data: one\n\ndata: failed The connection broke[^\n]*\n\n$/)
  })

  it('waits with its end until the answer is kept', async () => {
    const stream = open()
    let keep: (text: string) => void = () => {}
    const kept = new Promise<string>((resolve) => {
      keep = resolve
    })
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8', conclude: () => kept }, '')
    transport.last.end()
    await until(() => received.includes('data: one'))
    expect(received.endsWith('\r\n0\r\n\r\n')).toBe(false)
    keep('data: last\n\n')
    expect(await stream.outcome).toEqual({ failure: null, interruption: null })
    expect((await answer()).body).toBe('data: one\n\ndata: last\n\n')
  })

  it('does not wait when it breaks off, nor when the dialect has nothing to add', async () => {
    const stream = open({ formatFailure: () => '' })
    const conclude = () => Promise.reject(new Error('never asked'))
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8', conclude }, '')
    transport.last.fail(new Error('x'))
    expect((await stream.outcome).failure?.kind).toBe('connection')
    expect((await answer()).body).toBe('data: one\n\n')
  })

  it('interrupted by the gateway stops the provider and says why', async () => {
    const stream = open()
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8' }, '')
    const error = new GatewayError('draining', 'closing')
    stream.interrupt(error)
    stream.interrupt(error)
    expect(await stream.outcome).toEqual({ failure: null, interruption: error })
    expect(transport.last.cancels).toBe(1)
    expect((await answer()).body).toBe('data: one\n\ndata: failed closing\n\n')
  })

  it('is not interrupted before it has begun', () => {
    const stream = open()
    stream.interrupt(new GatewayError('draining', 'closing'))
    expect(stream.committed).toBe(false)
    stream.discard()
  })
})

describe('pings', () => {
  it('commit the status early as comments and keep a quiet stream alive as its dialect says', async () => {
    const stream = open({ keepaliveMs: 5 })
    await until(() => received.split(': ping\n\n').length > 2)
    expect([stream.committed, received]).toEqual([true, expect.stringContaining('\r\nx-early: yes')])
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8' }, 'x-late: yes\r\n')
    const before = received.length
    await until(() => received.slice(before).includes('event: ping\n\n'))
    transport.last.end()
    const { head, body } = await answer()
    expect(body.replace(/^(?:: ping\n\n)+/, '').replaceAll('event: ping\n\n', '')).toBe('data: one\n\n')
    expect(head).not.toContain('x-late')
  })

  it.each([
    ['fail', 'data: failed No.\n\n'],
    ['complete', 'data: all\n\n'],
  ] as const)('that came first leave %s the body to end', async (action, expected) => {
    const stream = open({ keepaliveMs: 5 })
    await until(() => stream.committed)
    if (action === 'fail') stream.fail(new GatewayError('upstream_error', 'No.'))
    else stream.complete('data: all\n\n')
    stream.fail(new GatewayError('upstream_error', 'again'))
    stream.complete('again')
    expect((await answer()).body.replaceAll(': ping\n\n', '')).toBe(expected)
  })

  it('stop with the stream', async () => {
    vi.useFakeTimers()
    try {
      for (const stop of [
        (stream: ClientStream) => stream.discard(),
        (stream: ClientStream) => stream.abandon(),
        (stream: ClientStream) => stream.finish(null),
      ]) {
        const before = vi.getTimerCount()
        const stream = open({ keepaliveMs: 1_000 })
        expect(vi.getTimerCount()).toBe(before + 1)
        stop(stream)
        expect(vi.getTimerCount()).toBe(before)
      }
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a slow client', () => {
  const block = `data: ${'x'.repeat(60_000)}\n\n`

  async function fill(stream: ClientStream): Promise<number> {
    client.pause()
    stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'latin1' }, '')
    let blocks = 0
    let flowing = true
    while (flowing && blocks < 10_000) {
      flowing = transport.last.data(block)
      blocks += 1
      if (blocks % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(flowing).toBe(false)
    return blocks
  }

  it('pauses the provider and resumes it when it has caught up, losing nothing', async () => {
    const stream = open()
    const blocks = await fill(stream)
    for (let more = 0; more < 15; more += 1) expect(transport.last.data(block)).toBe(false)
    expect(transport.last.resumes).toBe(0)
    client.resume()
    await until(() => transport.last.resumes > 0)
    expect(transport.last.resumes).toBe(1)
    transport.last.end()
    expect((await answer()).body.length).toBe(11 + (blocks + 15) * block.length)
  })

  it('that reads nothing any more is taken for gone', async () => {
    const stream = open({ stallTimeoutMs: 20 })
    const exchange = arrived as Exchange
    exchange.whenClientGone(() => stream.abandon())
    await fill(stream)
    expect(await stream.outcome).toEqual({ failure: null, interruption: null })
    expect([exchange.clientGone, transport.last.cancels]).toEqual([true, 1])
  })
})

it('a client that left is written to no more', async () => {
  const stream = open({ keepaliveMs: 5 })
  const exchange = arrived as Exchange
  exchange.whenClientGone(() => stream.abandon())
  stream.begin(await beginAttempt('data: one\n\n'), { encoding: 'utf8' }, '')
  client.destroy()
  await until(() => exchange.clientGone)
  expect(await stream.outcome).toEqual({ failure: null, interruption: null })
  expect(transport.last.cancels).toBe(1)
  expect(stream.write('data: two\n\n')).toBe(true)
  stream.finish(unreadableAnswer('late'))
  stream.fail(new GatewayError('upstream_error', 'late'))
})
