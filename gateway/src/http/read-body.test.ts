import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ClientGone, readBody } from './read-body.ts'
import { rawRequest, startExchangeServer, until } from './testing/exchange-server.ts'
import { fakeHead, fakeRequest } from './testing/fake-request.ts'

/** A request whose body the test writes; chunked unless a length is announced. */
function post(contentLength?: number) {
  const frame =
    contentLength === undefined ? 'transfer-encoding: chunked' : `content-length: ${contentLength}`
  return fakeRequest(fakeHead('POST', '/', [frame]))
}

describe('readBody', () => {
  it.each([[[]], [['one']], [['one', 'two', '', 'three']]])('joins %j', async (chunks) => {
    const { request } = post()
    const body = readBody(request, 100)
    for (const chunk of chunks) request.deliver(Buffer.from(chunk))
    request.finish()
    expect((await body).toString()).toBe(chunks.join(''))
  })

  it.each([[[]], [['one']], [['one', 'two']]])('gives what has arrived whole at once: %j', (chunks) => {
    const { request } = post()
    for (const chunk of chunks) request.deliver(Buffer.from(chunk))
    request.finish()
    expect(readBody(request, 100).toString()).toBe(chunks.join(''))
  })

  it('takes exactly the limit', async () => {
    for (const declared of [10, undefined]) {
      const { request } = post(declared)
      const body = readBody(request, 10)
      request.deliver(Buffer.from('0123456789'))
      request.finish()
      expect((await body).length).toBe(10)
    }
  })

  it('refuses more than the limit, unread when the length says so', async () => {
    const refusal = { code: 'request_too_large', status: 413 }
    const announced = post(11)
    expect(() => readBody(announced.request, 10)).toThrow(expect.objectContaining(refusal))
    expect(announced.events).toEqual([])
    const { request } = post()
    const body = readBody(request, 10)
    expect(request.deliver(Buffer.from('0123456789'))).toBe(true)
    expect(request.deliver(Buffer.from('0'))).toBe(false)
    await expect(body).rejects.toMatchObject(refusal)
  })

  it('refuses a body over the limit that has arrived whole', () => {
    const { request } = post()
    request.deliver(Buffer.from('0123456789'))
    request.deliver(Buffer.from('0'))
    request.finish()
    expect(() => readBody(request, 10)).toThrow(expect.objectContaining({ code: 'request_too_large' }))
  })

  it('names the limit in MiB', () => {
    expect(() => readBody(post(2 ** 30).request, 1.5 * 1_048_576)).toThrow('larger than 1.5 MiB')
  })

  it('hears that the client has gone, before and while', async () => {
    const early = post()
    early.request.abort()
    await expect(readBody(early.request, 10)).rejects.toBeInstanceOf(ClientGone)
    const { request } = post()
    const body = readBody(request, 10)
    request.deliver(Buffer.from('half'))
    request.abort()
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
    const { request } = post(10 * 65_536)
    let failure: unknown = null
    Promise.resolve(fresh.readBody(request, 1_000_000)).catch((error: unknown) => {
      failure = error
    })
    request.deliver(Buffer.from('x'))
    await vi.advanceTimersByTimeAsync(69_999)
    expect(failure).toBeNull()
    await vi.advanceTimersByTimeAsync(501)
    expect(failure).toMatchObject({ code: 'timeout', status: 408 })
    request.finish()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind when it is complete', async () => {
    vi.resetModules()
    const fresh = await import('./read-body.ts')
    const { request } = post(3)
    const body = fresh.readBody(request, 10)
    request.deliver(Buffer.from('abc'))
    request.finish()
    await vi.advanceTimersByTimeAsync(0)
    expect((await body).toString()).toBe('abc')
    await vi.advanceTimersByTimeAsync(500)
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('a client that leaves in the middle of its request is noticed on a real connection', async () => {
  const failures: unknown[] = []
  const server = await startExchangeServer((exchange) => {
    Promise.resolve(readBody(exchange.request, 1_000)).then(
      (body) => exchange.sendJson(200, body.toString()),
      (error: unknown) => failures.push(error),
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
