import { afterEach, describe, expect, it } from 'vitest'
import type { BodySource, BodyTarget } from '../transport.ts'
import { begin, exchange, postTo } from './testing/collected-answer.ts'
import { type RequestHandler, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'
import { type TestTransport, testTransport, until } from './testing/test-transport.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(handler: RequestHandler): Promise<TestTransport & { server: ScriptedServer }> {
  const server = await startScriptedServer(handler)
  cleanups.push(() => server.close())
  const made = testTransport({
    closeTimeoutMs: 50,
    refuseHost: (host) => (host === '10.9.9.9' ? 'it is a test' : null),
  })
  cleanups.push(() => made.transport.close())
  return { server, ...made }
}

/** A body the test delivers by hand. */
class HeldBody implements BodySource {
  readonly length: number | null
  target: BodyTarget | null = null
  stopped = 0
  resumed = 0

  constructor(length: number | null) {
    this.length = length
  }

  pipeTo(target: BodyTarget): void {
    this.target = target
  }

  resume(): void {
    this.resumed += 1
  }

  stop(): void {
    this.stopped += 1
  }

  async ready(): Promise<BodyTarget> {
    await until(() => this.target !== null)
    return this.target as BodyTarget
  }
}

const upload = (server: ScriptedServer, rest: BodySource, body = 'head ') =>
  postTo(server.origin, { body: Buffer.from(body), rest })

describe('a body that is still arriving', () => {
  it('is sent with its whole length when that is known', async () => {
    const { server, transport } = await start((socket) => socket.write(ok))
    const rest = new HeldBody(8)
    const { answer } = begin(transport, upload(server, rest))
    const target = await rest.ready()
    target.write(Buffer.from('and '))
    target.write(Buffer.from('rest'))
    target.end()
    await answer.settled
    expect(server.requests[0]?.head).toMatch(/content-length: 13$/)
    expect(server.requests[0]?.body).toBe('head and rest')
    expect(answer.body).toBe('ok')
  })

  it('is sent in chunks when it is not, none of them empty', async () => {
    let received = ''
    const { server, transport } = await start(() => {})
    const rest = new HeldBody(null)
    const { answer } = begin(transport, upload(server, rest))
    const target = await rest.ready()
    await until(() => server.sockets.size === 1)
    for (const socket of server.sockets) {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1')
        if (received.endsWith('0\r\n\r\n')) socket.write(ok)
      })
    }
    target.write(Buffer.alloc(0))
    target.write(Buffer.from('x'.repeat(18)))
    target.end()
    await answer.settled
    const sent = (server.requests[0]?.head ?? '') + received
    expect(sent).toContain('transfer-encoding: chunked')
    expect(received.endsWith(`12\r\n${'x'.repeat(18)}\r\n0\r\n\r\n`)).toBe(true)
    expect(sent).not.toContain('content-length')
  })

  it('asks for a pause when the server does not read, and goes on when it does', async () => {
    const { server, transport } = await start(() => {})
    const rest = new HeldBody(null)
    const { call } = begin(transport, upload(server, rest))
    const target = await rest.ready()
    await until(() => server.sockets.size === 1)
    for (const socket of server.sockets) socket.pause()
    const chunk = Buffer.alloc(1_000_000)
    for (let sent = 0; target.write(chunk); sent += 1) if (sent > 100) throw new Error('never pauses')
    expect(rest.resumed).toBe(0)
    for (const socket of server.sockets) socket.resume()
    await until(() => rest.resumed > 0)
    call.cancel()
    expect(rest.stopped).toBe(1)
  })

  it('may be answered before it has arrived; the connection is then not used again', async () => {
    const { server, transport } = await start((socket) => socket.write(ok))
    // The scripted server takes a request without a length for complete with its head.
    const rest = new HeldBody(null)
    const answer = await exchange(transport, upload(server, rest, ''))
    expect(answer.body).toBe('ok')
    expect(rest.stopped).toBe(1)
    await exchange(transport, postTo(server.origin))
    expect(server.accepted).toBe(2)
  })

  it('fails the call when it cannot be completed', async () => {
    const { server, transport } = await start(() => {})
    const rest = new HeldBody(100)
    const { answer } = begin(transport, upload(server, rest))
    const target = await rest.ready()
    target.fail(new Error('the client left'))
    await answer.settled
    expect(answer.error).toMatchObject({ code: 'UPSTREAM_UPLOAD_FAILED' })
    await until(() => server.sockets.size === 0)
  })

  it('is neither put on a kept connection nor sent twice', async () => {
    const { server, transport } = await start((socket, { index }) => {
      if (index === 0) socket.write(ok)
      else socket.destroy()
    })
    await exchange(transport, postTo(server.origin))
    const rest = new HeldBody(0)
    const { answer } = begin(transport, upload(server, rest))
    await answer.settled
    expect(server.accepted).toBe(2)
    expect(server.requests).toHaveLength(2)
    expect(answer.error).not.toBeNull()
  })
})

it('a host that is refused is not dialled', async () => {
  const { transport } = await start(() => {})
  expect(() =>
    transport.send(postTo('http://10.9.9.9'), {
      onHeaders() {},
      onData: () => true,
      onEnd() {},
      onFailure() {},
    }),
  ).toThrow('because it is a test')
  expect(transport.poolNumbers()).toEqual([])
})
