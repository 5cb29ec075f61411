import { afterEach, describe, expect, it } from 'vitest'
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

describe('Http1Transport', () => {
  it('writes the request and reads the answer', async () => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const answer = await exchange(transport, postTo(server.origin, { body: Buffer.from('{"é":1}') }))
    expect(answer).toMatchObject({ status: 200, body: 'ok', events: ['headers', 'data', 'end'] })
    expect(server.requests).toEqual([
      {
        head: `POST /v1/chat HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: keep-alive\r\nx-test: yes\r\ncontent-length: 8`,
        body: Buffer.from('{"é":1}').toString('latin1'),
        index: 0,
      },
    ])
  })

  it.each([0, 1, 4096, 4097, 1_000_000])('sends a body of %i bytes whole', async (size) => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const body = Buffer.alloc(size, 'abc')
    for (let round = 0; round < 2; round++) await exchange(transport, postTo(server.origin, { body }))
    expect(server.requests.map((request) => request.body === body.toString())).toEqual([true, true])
    expect(server.accepted).toBe(1)
  })

  it('sends a GET without a length', async () => {
    const { server, transport } = await start((socket) => socket.write(OK))
    await exchange(transport, postTo(server.origin, { method: 'GET', body: null }))
    expect(server.requests[0]?.head).not.toContain('length')
  })

  it('throws for a request that could break out of its line, and opens nothing', async () => {
    const { server, transport } = await start((socket) => socket.write(OK))
    const request = postTo(server.origin, { headers: ['x', 'a\r\nb: c'] })
    expect(() => transport.send(request, new CollectedAnswer())).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_INVALID_REQUEST' }),
    )
    expect(transport.poolNumbers()).toMatchObject([{ open: 0, queued: 0 }])
  })

  it('reads a body that ends with the connection', async () => {
    const { server, transport } = await start((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'))
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer).toMatchObject({ body: 'to the end', events: ['headers', 'data', 'end'] })
    expect(transport.poolNumbers()).toMatchObject([{ open: 0 }])
  })

  it('gives receivers data that later reads do not overwrite', async () => {
    const { server, transport } = await start((socket, { index }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nkeep-${index}`)
    })
    const chunks: Buffer[] = []
    for (let round = 0; round < 3; round++) {
      const answer = new CollectedAnswer()
      answer.onData = (chunk) => {
        chunks.push(chunk)
        return true
      }
      transport.send(postTo(server.origin), answer)
      await answer.settled
    }
    expect(chunks.map(String)).toEqual(['keep-0', 'keep-1', 'keep-2'])
  })

  it('uses the address of a name that answers', async () => {
    const { server, transport } = await start((socket) => socket.write(OK), {
      lookup: (_host, _options, callback) =>
        callback(null, [
          { address: '127.0.0.2', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ]),
    })
    const request = postTo(`http://two.test:${server.port}`)
    expect((await exchange(transport, request)).body).toBe('ok')
    expect((await exchange(transport, request)).body).toBe('ok')
    expect(server.accepted).toBe(1)
    expect(server.requests[0]?.head).toContain(`host: two.test:${server.port}`)
  })

  it('carries 1 000 requests in parallel', async () => {
    const { server, transport } = await start(
      (socket, { body }) =>
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n${body}\r\n0\r\n\r\n`),
      { maxConnectionsPerOrigin: 50 },
    )
    const bodies = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, '0').slice(-3))
    const answers = await Promise.all(
      bodies.map((body) => exchange(transport, postTo(server.origin, { body: Buffer.from(body) }))),
    )
    expect(answers.map((answer) => answer.body)).toEqual(bodies)
    expect(server.accepted).toBe(50)
    expect(transport.poolNumbers()).toEqual([{ origin: server.origin, open: 50, idle: 50, queued: 0 }])
  })
})

describe('Http1Transport failures', () => {
  it('says that nobody listens', async () => {
    const { server, transport } = await start(() => {})
    await server.close()
    cleanups.shift()
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer.events).toEqual(['failure'])
    expect(answer.error).toMatchObject({ code: 'ECONNREFUSED', beforeHeaders: true })
    expect(answer.error?.message).not.toBe('')
    expect(transport.poolNumbers()).toMatchObject([{ open: 0 }])
  })

  it('gives the first reason when every address of a name fails', async () => {
    const { server, transport } = await start(() => {}, {
      lookup: (_host, _options, callback) =>
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '127.0.0.2', family: 4 },
        ]),
    })
    await server.close()
    cleanups.shift()
    const { error } = await exchange(transport, postTo(`http://two.test:${server.port}`))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(error?.message).toContain('127.0.0.1')
  })

  it('says that a name is unknown', async () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND gone.test'), { code: 'ENOTFOUND' })
    const { transport } = await start(() => {}, {
      lookup: (_host, _options, callback) => callback(unknown, []),
    })
    const answer = await exchange(transport, postTo('http://gone.test'))
    expect(answer.error).toMatchObject({ code: 'ENOTFOUND', beforeHeaders: true })
  })

  it('gives up connecting in time', async () => {
    const { transport } = await start(() => {}, { connectTimeoutMs: 20, lookup: () => {} })
    const answer = await exchange(transport, postTo('http://silent.test'))
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT', beforeHeaders: true })
    expect(transport.poolNumbers()).toMatchObject([{ open: 0 }])
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncont'],
  ])('says that the server closed after %s', async (_, text) => {
    const { server, transport } = await start((socket) => socket.end(text))
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer.events).toEqual(['failure'])
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_CLOSED', beforeHeaders: true })
    expect(server.accepted).toBe(1)
  })

  it.each([
    ['a fixed body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('tells a cut in %s from a failure before the headers', async (_, text) => {
    const { server, transport } = await start((socket) => socket.end(text))
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer.events).toEqual(['headers', 'data', 'failure'])
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_CLOSED', beforeHeaders: false })
  })

  it('keeps the code of a reset', async () => {
    const { server, transport } = await start(() => {})
    const { answer } = begin(transport, postTo(server.origin, { body: Buffer.alloc(32 * 1024 * 1024) }))
    await until(() => server.sockets.size === 1)
    for (const socket of server.sockets) socket.pause().write('HTTP/1.1 200 OK\r\n\r\n')
    await answer.headersArrived
    // Closing with unread octets in the kernel is a reset.
    for (const socket of server.sockets) socket.destroy()
    await answer.settled
    expect(answer.error).toMatchObject({ code: 'ECONNRESET', beforeHeaders: false })
  })

  it('delivers what was good before a malformed part, then fails and closes', async () => {
    const { server, transport } = await start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\nZ\r\n')
    })
    const answer = await exchange(transport, postTo(server.origin))
    expect(answer).toMatchObject({ body: 'good', events: ['headers', 'data', 'failure'] })
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', beforeHeaders: false })
    await until(() => server.sockets.size === 0)
  })

  it('limits the head', async () => {
    const { server, transport } = await start(
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'v'.repeat(200)}`),
      {
        maxResponseHeaderBytes: 128,
      },
    )
    const { error } = await exchange(transport, postTo(server.origin))
    expect(error?.code).toBe('UPSTREAM_PROTOCOL')
  })

  it.each(['onHeaders', 'onData'] as const)(
    'turns an exception of %s into the failure of its call',
    async (method) => {
      const { server, transport } = await start((socket) => socket.write(OK))
      const answer = new CollectedAnswer()
      answer[method] = () => {
        throw new Error('receiver broke')
      }
      transport.send(postTo(server.origin), answer)
      await answer.settled
      expect(answer.error).toMatchObject({ code: 'UPSTREAM_SINK_FAILED', cause: new Error('receiver broke') })
      await until(() => server.sockets.size === 0)
      expect(transport.poolNumbers()).toMatchObject([{ open: 0 }])
    },
  )
})

describe('Http1Transport.close', () => {
  it('ends idle connections, waits for running calls and refuses new ones', async () => {
    const { server, transport } = await start(
      (socket, { index }) => {
        if (index === 0) socket.write(OK)
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no')
      },
      { closeTimeoutMs: 10_000 },
    )
    await exchange(transport, postTo(server.origin))
    const { answer } = begin(transport, postTo(server.origin))
    await answer.headersArrived
    const closed = transport.close()
    const refused = await exchange(transport, postTo(server.origin))
    expect(refused.error?.code).toBe('UPSTREAM_TRANSPORT_CLOSED')
    expect(answer.events).toEqual(['headers', 'data'])
    for (const socket of server.sockets) socket.write('k')
    await closed
    expect(answer).toMatchObject({ body: 'ok', events: ['headers', 'data', 'end'] })
    await until(() => server.sockets.size === 0)
  })

  it('fails what still runs or waits when its patience ends', async () => {
    const { server, transport } = await start(() => {}, { maxConnectionsPerOrigin: 1, closeTimeoutMs: 10 })
    const running = begin(transport, postTo(server.origin)).answer
    const waiting = begin(transport, postTo(server.origin)).answer
    await transport.close()
    expect(running.error?.code).toBe('UPSTREAM_TRANSPORT_CLOSED')
    expect(waiting.error?.code).toBe('UPSTREAM_TRANSPORT_CLOSED')
    expect(transport.poolNumbers()).toMatchObject([{ open: 0, queued: 0 }])
  })
})
