import { afterEach, describe, expect, it } from 'vitest'
import { Pieces } from '../../json/pieces.ts'
import type { Http1TransportOptions } from './http1-options.ts'
import { begin, CollectedAnswer, exchange, postTo } from './testing/collected-answer.ts'
import { type RequestHandler, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'
import { type TestTransport, testTransport, until } from './testing/test-transport.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(
  handler: RequestHandler,
  changes: Partial<Http1TransportOptions> = {},
): Promise<TestTransport & { server: ScriptedServer }> {
  const server = await startScriptedServer(handler)
  cleanups.push(() => server.close())
  const made = testTransport({ closeTimeoutMs: 50, ...changes })
  cleanups.push(() => made.transport.close())
  return { server, ...made }
}

/** Fills the pool with `count` idle connections. */
async function warm(
  { transport, server }: { transport: TestTransport['transport']; server: ScriptedServer },
  count: number,
) {
  await Promise.all(Array.from({ length: count }, () => exchange(transport, postTo(server.origin))))
}

describe('a body in pieces', () => {
  it.each([
    ['short ones', [3, 5, 7]],
    ['a long one behind short ones', [10, 20, 50_000]],
    ['short ones behind a long one', [50_000, 20, 10]],
    ['none', []],
  ])('is one body of one length: %s', async (_, lengths) => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const pieces = lengths.map((length, at) => Buffer.alloc(length, String.fromCharCode(97 + at)))
    for (let round = 0; round < 2; round++)
      await exchange(transport, postTo(server.origin, { body: new Pieces(pieces) }))
    const whole = Buffer.concat(pieces)
    expect(server.requests.map(({ body }) => body)).toEqual([whole.toString(), whole.toString()])
    expect(server.requests[0]?.head).toMatch(new RegExp(`content-length: ${whole.length}$`, 'm'))
  })
})

describe('reuse', () => {
  it('takes the connection that was used last', async () => {
    const started = await start((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n${socket.remotePort}`),
    )
    await warm(started, 3)
    const first = await exchange(started.transport, postTo(started.server.origin))
    const second = await exchange(started.transport, postTo(started.server.origin))
    expect(second.body).toBe(first.body)
    expect(started.server.accepted).toBe(3)
  })

  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['octets after the answer', `${OK}${OK}`],
    [
      'a keep-alive time within the margin',
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=5\r\ncontent-length: 2\r\n\r\nok',
    ],
  ])('never reuses a connection after %s', async (_, text) => {
    const { server, transport } = await start((socket) => socket.write(text))
    for (let round = 0; round < 2; round++) {
      const answer = await exchange(transport, postTo(server.origin))
      expect(answer).toMatchObject({ body: 'ok', events: ['headers', 'data', 'end'] })
    }
    expect(server.accepted).toBe(2)
    await until(() => server.sockets.size === 0)
  })

  it('does not reuse a connection whose request was not fully written', async () => {
    const { server, transport } = await start(() => {})
    const { answer } = begin(transport, postTo(server.origin, { body: Buffer.alloc(32 * 1024 * 1024) }))
    await until(() => server.sockets.size === 1)
    for (const socket of server.sockets) socket.pause().write(OK)
    await answer.settled
    expect(answer.body).toBe('ok')
    expect(transport.poolNumbers()).toMatchObject([{ open: 0 }])
  })

  it('lets the request made in onEnd use the connection just freed', async () => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const second = new CollectedAnswer()
    const first = new CollectedAnswer()
    first.onEnd = () => {
      transport.send(postTo(server.origin), second)
    }
    transport.send(postTo(server.origin), first)
    await second.settled
    expect(server.accepted).toBe(1)
  })
})

describe('idle connections', () => {
  it('are dropped when the server closes them', async () => {
    const started = await start((socket) => socket.write(OK))
    await warm(started, 2)
    for (const socket of started.server.sockets) socket.end()
    await until(() => started.transport.poolNumbers()[0]?.open === 0)
    const answer = await exchange(started.transport, postTo(started.server.origin))
    expect(answer.body).toBe('ok')
    expect(started.server.requests.length).toBe(3)
  })

  it('are dropped when the server sends anything', async () => {
    const started = await start((socket) => socket.write(OK))
    await warm(started, 1)
    for (const socket of started.server.sockets) socket.write(OK)
    await until(() => started.transport.poolNumbers()[0]?.open === 0)
  })

  it('end after the idle time, and the origin is forgotten', async () => {
    const started = await start((socket) => socket.write(OK), { idleTimeoutMs: 5_000 })
    await warm(started, 2)
    started.advance(4_999)
    started.transport.sweep()
    expect(started.transport.poolNumbers()).toMatchObject([{ idle: 2 }])
    started.advance(1)
    started.transport.sweep()
    expect(started.transport.poolNumbers()).toEqual([])
    await until(() => started.server.sockets.size === 0)
  })

  it("are not used after the server's keep-alive time less a second, even without a sweep", async () => {
    const text = 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok'
    const started = await start((socket) => socket.write(text))
    await warm(started, 1)
    started.advance(3_999)
    await exchange(started.transport, postTo(started.server.origin))
    expect(started.server.accepted).toBe(1)
    started.advance(4_000)
    await exchange(started.transport, postTo(started.server.origin))
    expect(started.server.accepted).toBe(2)
  })

  it('are cut to the limit once a burst is a second old', async () => {
    const started = await start((socket) => socket.write(OK), { maxIdlePerOrigin: 2 })
    await warm(started, 6)
    started.transport.sweep()
    expect(started.transport.poolNumbers()).toMatchObject([{ idle: 6 }])
    started.advance(1_000)
    started.transport.sweep()
    expect(started.transport.poolNumbers()).toMatchObject([{ open: 2, idle: 2 }])
  })
})

describe('the keep-alive race', () => {
  it.each(['end', 'reset'])('sends the request again on a new connection after an %s', async (way) => {
    const { server, transport } = await start((socket, { index }) => {
      if (index !== 1) socket.write(OK)
      else if (way === 'end') socket.end()
      else socket.resetAndDestroy()
    })
    await exchange(transport, postTo(server.origin))
    const answer = await exchange(transport, postTo(server.origin, { body: Buffer.from('twice') }))
    expect(answer).toMatchObject({ body: 'ok', events: ['headers', 'data', 'end'] })
    expect(server.requests.map((request) => request.body)).toEqual(['{}', 'twice', 'twice'])
    expect(server.accepted).toBe(2)
  })

  it('sends again only once', async () => {
    const { server, transport } = await start((socket, { index }) => {
      if (index === 0) socket.write(OK)
      else socket.end()
    })
    await exchange(transport, postTo(server.origin))
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_CLOSED', beforeHeaders: true })
    expect(server.requests.length).toBe(3)
  })

  it('does not explain a failure on a new connection', async () => {
    const { server, transport } = await start((socket) => socket.end())
    await exchange(transport, postTo(server.origin))
    expect(server.requests.length).toBe(1)
  })

  it('does not explain a failure after a first octet', async () => {
    const { server, transport } = await start((socket, { index }) => {
      if (index === 0) socket.write(OK)
      else socket.end('H')
    })
    await exchange(transport, postTo(server.origin))
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer.error?.code).toBe('UPSTREAM_CLOSED')
    expect(server.requests.length).toBe(2)
  })

  it('does not explain a failure that comes late', async () => {
    const started = await start((socket, { index }) => {
      if (index === 0) socket.write(OK)
      else {
        started.advance(1_000)
        socket.end()
      }
    })
    await warm(started, 1)
    const answer = await exchange(started.transport, postTo(started.server.origin))
    expect(answer.error?.code).toBe('UPSTREAM_CLOSED')
    expect(started.server.requests.length).toBe(2)
  })
})

describe('the queue', () => {
  it('serves waiting requests in order over the allowed connections', async () => {
    const started = await start((socket) => socket.write(OK), { maxConnectionsPerOrigin: 1 })
    const { server, transport } = started
    const running = ['a', 'b', 'c'].map((body) =>
      begin(transport, postTo(server.origin, { body: Buffer.from(body) })),
    )
    expect(transport.poolNumbers()).toEqual([{ origin: server.origin, open: 1, idle: 0, queued: 2 }])
    await Promise.all(running.map(({ answer }) => answer.settled))
    expect(server.requests.map((request) => request.body)).toEqual(['a', 'b', 'c'])
    expect(server.accepted).toBe(1)
  })

  it('goes on when connections fail or are cancelled', async () => {
    const { server, transport } = await start(
      (socket, { body }) => {
        if (body === 'fails') socket.destroy()
        else if (body === 'good') socket.write(OK)
      },
      { maxConnectionsPerOrigin: 1 },
    )
    const [hangs, fails, withdrawn, good] = ['hangs', 'fails', 'withdrawn', 'good'].map((body) =>
      begin(transport, postTo(server.origin, { body: Buffer.from(body) })),
    )
    await until(() => server.requests.length === 1)
    withdrawn?.call.cancel()
    hangs?.call.cancel()
    await good?.answer.settled
    expect(good?.answer.body).toBe('ok')
    expect(fails?.answer.events).toEqual(['failure'])
    expect([hangs?.answer.events, withdrawn?.answer.events]).toEqual([[], []])
    expect(server.requests.map((request) => request.body)).toEqual(['hangs', 'fails', 'good'])
  })
})
