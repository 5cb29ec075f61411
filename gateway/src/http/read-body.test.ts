import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ClientGone, readBody } from './read-body.ts'
import { rawRequest, startExchangeServer, until } from './testing/exchange-server.ts'

/** A request whose body the test writes. */
function bodyStream(contentLength?: number): PassThrough & IncomingMessage {
  const headers = contentLength === undefined ? {} : { 'content-length': String(contentLength) }
  // Reading a body needs no more of a request than its stream and headers.
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage
}

describe('readBody', () => {
  it.each([[[]], [['one']], [['one', 'two', '', 'three']]])('joins %j', async (chunks) => {
    const request = bodyStream()
    const body = readBody(request, 100)
    for (const chunk of chunks) request.write(chunk)
    request.end()
    expect((await body).toString()).toBe(chunks.join(''))
  })

  it('takes exactly the limit', async () => {
    for (const declared of [10, undefined]) {
      const request = bodyStream(declared)
      const body = readBody(request, 10)
      request.end('0123456789')
      expect((await body).length).toBe(10)
    }
  })

  it('refuses more than the limit, unread when the length says so', async () => {
    const refusal = { code: 'request_too_large', status: 413 }
    const announced = bodyStream(11)
    await expect(readBody(announced, 10)).rejects.toMatchObject(refusal)
    expect(announced.listenerCount('data')).toBe(0)
    const growing = bodyStream()
    const body = readBody(growing, 10)
    growing.write('0123456789')
    growing.write('0')
    await expect(body).rejects.toMatchObject(refusal)
    expect(growing.isPaused()).toBe(true)
    growing.end()
  })

  it('names the limit in MiB', async () => {
    await expect(readBody(bodyStream(2 ** 30), 1.5 * 1_048_576)).rejects.toThrow('larger than 1.5 MiB')
  })

  it('hears that the client has gone, before, while and between', async () => {
    const early = bodyStream()
    early.destroy()
    await once(early, 'close')
    await expect(readBody(early, 10)).rejects.toBeInstanceOf(ClientGone)
    const midway = bodyStream()
    const body = readBody(midway, 10)
    midway.write('half')
    midway.destroy()
    await expect(body).rejects.toBeInstanceOf(ClientGone)
  })
})

describe('a slow body', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is given a minute, and a second more for each 64 KiB announced', async () => {
    // Modules of their own: the ticker of the real ones may be running on the real clock.
    vi.resetModules()
    const fresh = await import('./read-body.ts')
    const slow = bodyStream(10 * 65_536)
    let failure: unknown = null
    fresh.readBody(slow, 1_000_000).catch((error: unknown) => {
      failure = error
    })
    slow.write('x')
    await vi.advanceTimersByTimeAsync(69_999)
    expect(failure).toBeNull()
    await vi.advanceTimersByTimeAsync(501)
    expect(failure).toMatchObject({ code: 'timeout', status: 408 })
    slow.end('too late')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind when it is complete', async () => {
    vi.resetModules()
    const fresh = await import('./read-body.ts')
    const request = bodyStream(3)
    const body = fresh.readBody(request, 10)
    request.end('abc')
    await vi.advanceTimersByTimeAsync(0)
    expect((await body).toString()).toBe('abc')
    await vi.advanceTimersByTimeAsync(500)
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('a client that leaves in the middle of its request is noticed on a real connection', async () => {
  const failures: unknown[] = []
  const server = await startExchangeServer((exchange) => {
    readBody(exchange.request, 1_000).then(
      (body) => exchange.sendJson(200, body.toString()),
      (error) => failures.push(error),
    )
  })
  expect(await server.send(rawRequest('POST', '/', [], 'hello'))).toContain('"hello"')
  const socket = await server.connect(`${rawRequest('POST', '/', ['content-length: 100'])}half`)
  await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  await until(() => failures.length > 0)
  expect(failures[0]).toBeInstanceOf(ClientGone)
  await server.close()
})
