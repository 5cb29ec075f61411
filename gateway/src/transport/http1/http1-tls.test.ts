import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { TlsSettings } from './open-socket.ts'
import { exchange, postTo } from './testing/collected-answer.ts'
import { startScriptedServer } from './testing/scripted-server.ts'
import { testTransport } from './testing/test-transport.ts'

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url))
}

const toLoopback: LookupFunction = (_host, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(version: 'TLSv1.2' | 'TLSv1.3', tls: TlsSettings) {
  const server = await startScriptedServer(
    (socket) => {
      const secured = socket as TLSSocket
      const body = JSON.stringify([secured.servername, secured.alpnProtocol, secured.isSessionReused()])
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    },
    {
      key: fixture('server-key.pem'),
      cert: fixture('server.pem'),
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: version,
      maxVersion: version,
    },
  )
  const { transport } = testTransport({ closeTimeoutMs: 50, lookup: toLoopback, tls })
  cleanups.push(
    () => server.close(),
    () => transport.close(),
  )
  return { server, transport, origin: (name: string) => `https://${name}:${server.port}` }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  it('checks the certificate, names the server and resumes the session', async () => {
    const { transport, origin } = await start(version, { ca: fixture('authority.pem') })
    const first = await exchange(transport, postTo(origin('upstream.test')))
    expect(JSON.parse(first.body)).toEqual(['upstream.test', 'http/1.1', false])
    const second = await exchange(transport, postTo(origin('upstream.test')))
    expect(JSON.parse(second.body).slice(1)).toEqual(['http/1.1', true])
  })

  it('refuses a certificate for another name each time, and sends nothing', async () => {
    const { server, transport, origin } = await start(version, { ca: fixture('authority.pem') })
    for (let round = 0; round < 2; round++) {
      const { error, events } = await exchange(transport, postTo(origin('other.test')))
      expect(events).toEqual(['failure'])
      expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', beforeHeaders: true })
    }
    expect(server.requests).toEqual([])
  })

  it('refuses an authority that is not trusted each time, unless told otherwise', async () => {
    const { server, transport, origin } = await start(version, {})
    for (let round = 0; round < 2; round++) {
      const { error } = await exchange(transport, postTo(origin('upstream.test')))
      expect(error?.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    }
    expect(server.requests).toEqual([])
    const { transport: lenient } = testTransport({
      closeTimeoutMs: 50,
      lookup: toLoopback,
      tls: { rejectUnauthorized: false },
    })
    cleanups.push(() => lenient.close())
    expect((await exchange(lenient, postTo(origin('upstream.test')))).status).toBe(200)
  })
})

describe('TLS connections', () => {
  it('are counted as connecting until the handshake is over', async () => {
    const server = await startScriptedServer(() => {})
    const { transport } = testTransport({ connectTimeoutMs: 30, lookup: toLoopback })
    cleanups.push(
      () => server.close(),
      () => transport.close(),
    )
    const { error } = await exchange(transport, postTo(`https://upstream.test:${server.port}`))
    expect(error?.code).toBe('UPSTREAM_CONNECT_TIMEOUT')
  })
})
