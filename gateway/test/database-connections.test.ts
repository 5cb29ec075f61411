import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTcpRelay } from '../src/storage/testing/tcp-relay.ts'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()
const fixtureOf = (name: string): string =>
  fileURLToPath(new URL(`../src/transport/http1/fixtures/${name}`, import.meta.url))
const identity = {
  key: readFileSync(fixtureOf('server-key.pem')),
  cert: readFileSync(fixtureOf('server.pem')),
}

/** Speaks TLS in front of a PostgreSQL that does not, as a server with a certificate would. */
class TlsFront {
  secured = 0
  plain = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(target: string) {
    const { hostname, port } = new URL(target)
    this.#server = createServer((client) => {
      this.#keep(client)
      client.once('data', (first: Buffer) => {
        const asksForTls = first.length === 8 && first.readInt32BE(4) === 80_877_103
        const upstream = connect(Number(port), hostname)
        this.#keep(upstream)
        if (!asksForTls) {
          this.plain += 1
          upstream.write(first)
          client.pipe(upstream).pipe(client)
          return
        }
        client.write('S')
        const secured = new TLSSocket(client, { isServer: true, ...identity })
        secured.on('error', () => upstream.destroy())
        secured.once('secure', () => {
          this.secured += 1
        })
        secured.pipe(upstream).pipe(secured)
      })
    })
  }

  /** The target's URL by this front, at `localhost`, which the certificate names. */
  async open(target: string): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const url = new URL(target)
    url.hostname = 'localhost'
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.href
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

describe.skipIf(databaseUrl === null)('connections to PostgreSQL', () => {
  let database: { url: string; drop(): Promise<void> }
  let pooled: TlsFront
  let direct: TlsFront
  let urls: { DATABASE_URL: string; DIRECT_URL: string }

  beforeAll(async () => {
    database = await createPostgresDatabase(databaseUrl ?? '')
    pooled = new TlsFront(database.url)
    direct = new TlsFront(database.url)
    urls = { DATABASE_URL: await pooled.open(database.url), DIRECT_URL: await direct.open(database.url) }
  })
  afterAll(async () => {
    await Promise.all([pooled?.close(), direct?.close()])
    await database?.drop()
  })

  it('are held to the certificate where they shall be, and migrations go past the pooler', async () => {
    const mode = { ROUTEIQ_POSTGRES__SSL_MODE: 'verify-full' }
    await expect(startGateway({ config: {}, env: { ...urls, ...mode } })).rejects.toThrow(
      'PostgreSQL (DATABASE_URL) is not usable: its certificate is not trusted',
    )
    pooled.secured = 0
    const trusted = { ...urls, ...mode, NODE_EXTRA_CA_CERTS: fixtureOf('authority.pem') }
    const gateway = await startGateway({ config: {}, env: trusted })
    try {
      expect((await gateway.createKey()).key).toMatch(/^sk-/)
      expect(direct.secured).toBe(1)
      expect(pooled.secured).toBeGreaterThan(0)
      expect([pooled.plain, direct.plain]).toEqual([0, 0])
    } finally {
      await gateway.stop()
    }
  })

  it('are encrypted with whoever can, unless told otherwise', async () => {
    for (const [mode, part] of [
      ['prefer', 'secured'],
      ['disable', 'plain'],
    ] as const) {
      pooled.secured = 0
      pooled.plain = 0
      const env = { DATABASE_URL: urls.DATABASE_URL, ROUTEIQ_POSTGRES__SSL_MODE: mode }
      const gateway = await startGateway({ config: {}, env })
      await gateway.stop()
      expect([mode, pooled[part] > 0, pooled.secured > 0 && pooled.plain > 0]).toEqual([mode, true, false])
    }
  })
})

describe.skipIf(redisUrl === null)('a Redis that does not answer', () => {
  let upstream: ScriptedUpstream
  let gateway: Gateway
  let relay: Awaited<ReturnType<typeof openTcpRelay>>

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    relay = await openTcpRelay(redisUrl ?? '')
    gateway = await startGateway({
      config: { model_list: [deployment('gpt', upstream.openaiBase)] },
      env: {
        REDIS_URL: relay.url,
        REDIS_CIRCUIT_BREAKER_FAILURE_THRESHOLD: '1',
        REDIS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT: '1',
      },
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    await Promise.all([relay?.close(), upstream?.close()])
  })

  it('is left alone after so many failures, and tried again after so long', async () => {
    const { key } = await gateway.createKey({ rpm_limit: 1_000_000 })
    const chat = () => call(gateway.url, '/v1/chat/completions', { key, body: { model: 'gpt', messages } })
    const redis = async (): Promise<string> => {
      const { breakers } = (await call(gateway.url, '/api/v1/routeiq/breakers', { key: masterKey })).json()
      return breakers.find(({ name }: { name: string }) => name === 'redis').state
    }
    const becomes = (state: string) =>
      waitUntil(`it is ${state}`, async () => {
        expect((await chat()).status).toBe(200)
        return (await redis()) === state
      })
    await becomes('closed')
    relay.stall()
    await becomes('open')
    relay.restore()
    // Unless told otherwise it would be left alone for a minute.
    await becomes('closed')
  })
})
