import { afterEach, describe, expect, it } from 'vitest'
import { begin, CollectedAnswer, exchange, postTo } from './testing/collected-answer.ts'
import { type RequestHandler, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'
import { testTransport, until } from './testing/test-transport.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const HALF = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(handler: RequestHandler) {
  const server = await startScriptedServer(handler)
  const { transport } = testTransport({ closeTimeoutMs: 50 })
  cleanups.push(
    () => server.close(),
    () => transport.close(),
  )
  return { server, transport }
}

async function expectNothingLeft(
  server: ScriptedServer,
  transport: ReturnType<typeof testTransport>['transport'],
) {
  expect(transport.poolNumbers()).toMatchObject([{ open: 0, idle: 0, queued: 0 }])
  await until(() => server.sockets.size === 0)
  expect((await exchange(transport, postTo(server.origin, { path: '/after' }))).body).toBe('ok')
}

describe('cancel', () => {
  const handler: RequestHandler = (socket, { head }) => {
    if (head.startsWith('POST /after')) socket.write(OK)
    else if (head.startsWith('POST /half')) socket.write(HALF)
  }

  it('while connecting', async () => {
    const { server, transport } = await start(handler)
    const { call, answer } = begin(transport, postTo(server.origin))
    call.cancel()
    await expectNothingLeft(server, transport)
    expect(answer.events).toEqual([])
    expect(server.requests.length).toBe(1)
  })

  it('while waiting for the headers', async () => {
    const { server, transport } = await start(handler)
    const { call, answer } = begin(transport, postTo(server.origin))
    await until(() => server.requests.length === 1)
    call.cancel()
    call.cancel()
    await expectNothingLeft(server, transport)
    expect(answer.events).toEqual([])
  })

  it('in the middle of a body', async () => {
    const { server, transport } = await start(handler)
    const { call, answer } = begin(transport, postTo(server.origin, { path: '/half' }))
    await until(() => answer.body === 'half')
    call.cancel()
    call.resume()
    await expectNothingLeft(server, transport)
    expect(answer.events).toEqual(['headers', 'data'])
  })

  it.each(['onHeaders', 'onData'] as const)('inside %s', async (method) => {
    const { server, transport } = await start(handler)
    const answer = new CollectedAnswer()
    const cancelled = new Promise<void>((resolve) => {
      answer[method] = () => {
        answer.events.push('cancel')
        call.cancel()
        resolve()
        return true
      }
    })
    const call = transport.send(postTo(server.origin, { path: '/half' }), answer)
    await cancelled
    await expectNothingLeft(server, transport)
    expect(answer.events).toEqual(method === 'onData' ? ['headers', 'cancel'] : ['cancel'])
  })

  it('after the end touches nothing', async () => {
    const { server, transport } = await start(handler)
    const { call, answer } = begin(transport, postTo(server.origin, { path: '/after' }))
    await answer.settled
    const next = begin(transport, postTo(server.origin, { path: '/after' }))
    call.cancel()
    call.resume()
    await next.answer.settled
    expect(next.answer.body).toBe('ok')
    expect(server.accepted).toBe(1)
  })

  it('of 8 calls in mid-stream closes their sockets and leaves the others', async () => {
    const { server, transport } = await start(handler)
    const running = Array.from({ length: 16 }, () =>
      begin(transport, postTo(server.origin, { path: '/half' })),
    )
    await until(() => running.every(({ answer }) => answer.body === 'half'))
    for (const { call } of running.slice(0, 8)) call.cancel()
    expect(transport.poolNumbers()).toMatchObject([{ open: 8 }])
    await until(() => server.sockets.size === 8)
    for (const socket of server.sockets) socket.write('0\r\n\r\n')
    await Promise.all(running.slice(8).map(({ answer }) => answer.settled))
    expect(transport.poolNumbers()).toMatchObject([{ open: 8, idle: 8 }])
  })
})

describe('backpressure', () => {
  const SIZE = 64 * 1024 * 1024

  it('stops reading until resume, and then delivers all of it', async () => {
    const { server, transport } = await start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n`)
      socket.write(Buffer.alloc(SIZE, 'x'))
    })
    const answer = new CollectedAnswer()
    let received = 0
    let pieces = 0
    let flowing = false
    answer.onData = (chunk) => {
      received += chunk.length
      pieces++
      return flowing
    }
    const call = transport.send(postTo(server.origin), answer)
    await until(() => pieces === 1)
    // The peer's own buffers fill up: a reading client would have emptied them.
    await until(() => [...server.sockets].every((socket) => socket.writableNeedDrain))
    const before = pieces
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(pieces).toBe(before)
    call.resume()
    await until(() => pieces > before)
    expect(pieces).toBe(before + 1)
    flowing = true
    call.resume()
    await answer.settled
    expect(received).toBe(SIZE)
    expect(transport.poolNumbers()).toMatchObject([{ open: 1, idle: 1 }])
  })

  it('does not slow the next call on the connection', async () => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const answer = new CollectedAnswer()
    answer.onData = () => false
    transport.send(postTo(server.origin), answer)
    await answer.settled
    expect((await exchange(transport, postTo(server.origin))).body).toBe('ok')
    expect(server.accepted).toBe(1)
  })
})
