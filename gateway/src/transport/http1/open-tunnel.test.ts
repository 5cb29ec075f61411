import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { EgressProxy } from '../egress/egress-proxy.ts'
import type { Http1TransportOptions } from './http1-options.ts'
import { exchange, postTo } from './testing/collected-answer.ts'
import { type ConnectProxy, startConnectProxy } from './testing/connect-proxy.ts'
import { startScriptedServer } from './testing/scripted-server.ts'
import { testTransport } from './testing/test-transport.ts'

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url))
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const answer = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`
const failing =
  (code: string): LookupFunction =>
  (_host, _options, callback) =>
    callback(Object.assign(new Error(code), { code }), [])

async function startProxy(credentials: string | null = null): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(credentials)
  cleanups.push(() => proxy.close())
  return proxy
}

function transportBy(
  proxy: { readonly port: number },
  changes: Partial<Http1TransportOptions> & {
    readonly credentials?: string
    readonly direct?: string[]
  } = {},
) {
  const { credentials, direct = [], ...rest } = changes
  const before = credentials === undefined ? '' : `${credentials}@`
  const { transport } = testTransport({
    closeTimeoutMs: 50,
    proxy: new EgressProxy({ url: `http://${before}127.0.0.1:${proxy.port}`, direct }),
    ...rest,
  })
  cleanups.push(() => transport.close())
  return transport
}

describe('a connection through a proxy', () => {
  it('leads to the target by its name and is used again', async () => {
    const server = await startScriptedServer((socket, { index }) => socket.write(answer(`answer ${index}`)))
    cleanups.push(() => server.close())
    const proxy = await startProxy('us er:p@ss')
    const transport = transportBy(proxy, { credentials: 'us%20er:p%40ss' })
    const target = postTo(`http://upstream.test:${server.port}`)
    expect((await exchange(transport, target)).body).toBe('answer 0')
    expect((await exchange(transport, target)).body).toBe('answer 1')
    expect(proxy.asked).toEqual([
      { target: `upstream.test:${server.port}`, authorization: `Basic ${btoa('us er:p@ss')}` },
    ])
    expect(server.requests[0]?.head).not.toMatch(/proxy-authorization/i)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('holds %s with the target', async (version) => {
    const server = await startScriptedServer(
      (socket) => {
        const secured = socket as TLSSocket
        // Ends with the connection, as an answer without a length does.
        socket.end(`HTTP/1.1 200 OK\r\n\r\n${secured.servername} ${'x'.repeat(100_000)}`)
      },
      {
        ...{ key: fixture('server-key.pem'), cert: fixture('server.pem') },
        ...{ minVersion: version, maxVersion: version },
      },
    )
    cleanups.push(() => server.close())
    const proxy = await startProxy()
    const transport = transportBy(proxy, { tls: { ca: fixture('authority.pem') } })
    for (let round = 0; round < 2; round++) {
      const { body, error } = await exchange(transport, postTo(`https://upstream.test:${server.port}`))
      expect([error, body.split(' ')[1]?.length]).toEqual([null, 100_000])
    }
    const { error } = await exchange(transport, postTo(`https://other.test:${server.port}`))
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', beforeHeaders: true })
  })

  it('fails where the proxy refuses it, without a word of the credentials', async () => {
    const proxy = await startProxy('user:right')
    const transport = transportBy(proxy, { credentials: 'user:wrong' })
    const { error } = await exchange(transport, postTo('http://upstream.test'))
    expect(error?.code).toBe('UPSTREAM_PROXY_REFUSED')
    expect(error?.message).toBe('The proxy refused the connection (407).')
  })

  it('fails where the proxy is none, is silent or not there', async () => {
    const server = await startScriptedServer((socket) => socket.write('What do you want?\r\n\r\n'))
    cleanups.push(() => server.close())
    const codeBy = async (port: number, changes: Partial<Http1TransportOptions> = {}) =>
      (await exchange(transportBy({ port }, changes), postTo('https://upstream.test'))).error?.code
    expect(await codeBy(server.port)).toBe('UPSTREAM_PROTOCOL')
    const silent = await startScriptedServer(() => {})
    cleanups.push(() => silent.close())
    expect(await codeBy(silent.port, { connectTimeoutMs: 30 })).toBe('UPSTREAM_CONNECT_TIMEOUT')
    expect(await codeBy(1)).toBe('ECONNREFUSED')
  })

  it('judges names here, and lets the proxy find those that are unknown only where it may', async () => {
    const server = await startScriptedServer((socket) => socket.write(answer('found')))
    cleanups.push(() => server.close())
    const proxy = await startProxy()
    const send = async (changes: Partial<Http1TransportOptions>) =>
      exchange(transportBy(proxy, changes), postTo(`http://upstream.test:${server.port}`))
    expect((await send({ lookup: failing('EACCES') })).error?.code).toBe('EACCES')
    expect((await send({ lookup: failing('ENOTFOUND'), needsKnownNames: true })).error?.code).toBe(
      'ENOTFOUND',
    )
    expect(proxy.asked).toEqual([])
    expect((await send({ lookup: failing('ENOTFOUND') })).body).toBe('found')
  })

  it('is not made to loopback, and not to what is excepted', async () => {
    const server = await startScriptedServer((socket) => socket.write(answer('direct')))
    cleanups.push(() => server.close())
    const proxy = await startProxy()
    const lookup: LookupFunction = (_host, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    const transport = transportBy(proxy, { lookup, direct: ['exact.test', '.zone.test', '*.star.test'] })
    for (const host of ['127.0.0.1', 'localhost', 'exact.test', 'a.zone.test', 'a.star.test'])
      expect((await exchange(transport, postTo(`http://${host}:${server.port}`))).body).toBe('direct')
    expect(proxy.asked).toEqual([])
    expect((await exchange(transport, postTo(`http://not-exact.test:${server.port}`))).body).toBe('direct')
    expect(proxy.asked).toHaveLength(1)
  })
})

it('what is excepted may be networks', () => {
  const proxy = new EgressProxy({ url: 'http://proxy.test', direct: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'] })
  const hosts = ['10.1.2.3', '[fd00::1]', '192.0.2.7', '[::1]', '11.0.0.1', '[fe00::1]', '10.test']
  expect(hosts.map((host) => proxy.isDirect(host))).toEqual([true, true, true, true, false, false, false])
})
