import { beforeEach, describe, expect, it } from 'vitest'
import { HeaderFields } from '../http1/header-fields.ts'
import type { Authorization } from './authorization.ts'
import { AuthorizingTransport } from './authorizing-transport.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

class Network implements Transport {
  readonly sent: { readonly request: UpstreamRequest; readonly sink: UpstreamSink }[] = []
  cancels = 0
  resumes = 0

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    if (request.headers.includes('refused')) throw new Error('a header has a line break')
    this.sent.push({ request, sink })
    if (request.path === '/token') {
      sink.onHeaders(200, new HeaderFields())
      sink.onData(Buffer.from(`{"access_token":"t${this.sent.length}","expires_in":3600}`))
      sink.onEnd()
    }
    return { cancel: () => void this.cancels++, resume: () => void this.resumes++ }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class RecordingSink implements UpstreamSink {
  readonly events: string[] = []
  onHeaders(status: number): void {
    this.events.push(`head ${status}`)
  }
  onData(chunk: Buffer): boolean {
    this.events.push(chunk.toString())
    return false
  }
  onEnd(): void {
    this.events.push('end')
  }
  onFailure(error: Error): void {
    this.events.push(`failed: ${error.message}`)
  }
}

const request = (
  authorization?: Authorization | null,
  headers: readonly string[] = ['x-a', '1'],
): UpstreamRequest => ({
  origin: 'https://api.example.com',
  method: 'POST',
  path: '/chat',
  headers,
  body: null,
  ...(authorization === undefined ? {} : { authorization }),
})
const tokenGrant: Authorization = {
  kind: 'token',
  account: 'a',
  steps: [{ kind: 'call', createRequest: () => ({ ...request(), path: '/token' }) }],
}
const settled = () => new Promise(setImmediate)
let network: Network
let transport: AuthorizingTransport
let sink: RecordingSink

beforeEach(() => {
  network = new Network()
  transport = new AuthorizingTransport(
    network,
    () => 5000,
    () => Promise.reject(new Error('no file')),
  )
  sink = new RecordingSink()
})

describe('AuthorizingTransport', () => {
  it.each([undefined, null])(
    'sends a request without authorization as it is, at once (%s)',
    (authorization) => {
      const plain = request(authorization)
      transport.send(plain, sink)
      expect(network.sent[0]?.request).toBe(plain)
      expect(network.sent[0]?.sink).toBe(sink)
    },
  )

  it('puts the token in place of the header it stands for', async () => {
    transport.send(request(tokenGrant, ['authorization', 'Bearer old', 'x-a', '1']), sink)
    await settled()
    const chat = network.sent[1]
    expect(chat?.request.headers).toEqual(['x-a', '1', 'authorization', 'Bearer t1'])
    chat?.sink.onHeaders(200, new HeaderFields())
    expect(chat?.sink.onData(Buffer.from('hello'))).toBe(false)
    chat?.sink.onEnd()
    expect(sink.events).toEqual(['head 200', 'hello', 'end'])
  })

  it('uses another token after the provider answered 401', async () => {
    transport.send(request(tokenGrant), sink)
    await settled()
    network.sent[1]?.sink.onHeaders(401, new HeaderFields())
    transport.send(request(tokenGrant), sink)
    await settled()
    expect(network.sent.map(({ request: { path } }) => path)).toEqual(['/token', '/chat', '/token', '/chat'])
    expect(network.sent[3]?.request.headers).toContain('Bearer t3')
  })

  it('sends what a signature says', async () => {
    const sign = (signed: UpstreamRequest, now: number) =>
      Promise.resolve([...signed.headers, 'x-signature', `at ${now}`])
    const call = transport.send(request({ kind: 'signature', grant: null, sign }), sink)
    await settled()
    expect(network.sent[0]?.request.headers).toEqual(['x-a', '1', 'x-signature', 'at 5000'])
    call.resume()
    call.cancel()
    expect([network.resumes, network.cancels]).toEqual([1, 1])
  })

  it('sends nothing once it was cancelled', async () => {
    const call = transport.send(request(tokenGrant), sink)
    call.cancel()
    await settled()
    expect(network.sent.map(({ request: { path } }) => path)).toEqual(['/token'])
    expect(sink.events).toEqual([])
  })

  it('reports what cannot be signed or sent, unless it was cancelled', async () => {
    const failing: Authorization = {
      kind: 'signature',
      grant: null,
      sign: () => Promise.reject(new Error('no clock')),
    }
    transport.send(request(failing), sink)
    const cancelled = transport.send(request(failing), sink)
    cancelled.cancel()
    await settled()
    expect(sink.events).toEqual(['failed: no clock'])
    transport.send(request(tokenGrant, ['refused', '']), sink)
    await settled()
    expect(sink.events.at(-1)).toBe('failed: a header has a line break')
  })
})
