import { readFileSync } from 'node:fs'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { within } from '../../within.ts'
import { type ConnectionOwner, type RequestListener, ServerConnection } from './server-connection.ts'

const SWEEP_MS = 1_000

/**
 * HTTP/1.1 over sockets. Where Node's own server builds two streams and a dozen objects for each request, this one
 * has a request, a response and one write; what it costs of a small request is a quarter less CPU time in all
 * (docs/adr/0005-own-http1-server.md). Answers, bodies and streams have their own deadlines elsewhere; here are those of
 * heads and of idle connections.
 */
export class HttpServer implements ConnectionOwner {
  readonly listener: RequestListener
  closing = false
  readonly #server: Server
  readonly #connections = new Set<ServerConnection>()
  #sweeper: NodeJS.Timeout | null = null

  constructor(
    listener: RequestListener,
    tls: { readonly keyFile: string; readonly certFile: string } | null,
  ) {
    this.listener = listener
    this.#server =
      tls === null
        ? createServer({ noDelay: true }, (socket) => this.#add(new ServerConnection(socket, this)))
        : createTlsServer(
            {
              noDelay: true,
              key: readFileSync(tls.keyFile),
              cert: readFileSync(tls.certFile),
              ALPNProtocols: ['http/1.1'],
              handshakeTimeout: 10_000,
            },
            (socket) => this.#add(new ServerConnection(socket, this)),
          )
  }

  /** Resolves with the port in use. Errors: those of the system. */
  listen(options: ListenOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(options, () => {
        this.#server.off('error', reject)
        this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref()
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  /**
   * Takes no further connection and cuts off those there are, whatever they are doing; who has only just come and not asked yet may do
   * so within `graceMs`, to get an answer. Resolves when the last one is gone.
   */
  async close(graceMs = 0): Promise<void> {
    this.closing = true
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const comingSince = Date.now() - graceMs
    for (const connection of this.#connections)
      if (!connection.hasOnlyCome(comingSince)) connection.socket.destroy()
    await within(graceMs, closed)
    for (const connection of this.#connections) connection.socket.destroy()
    await closed
  }

  forget(connection: ServerConnection): void {
    this.#connections.delete(connection)
  }

  #add(connection: ServerConnection): void {
    this.#connections.add(connection)
  }

  #sweep(): void {
    const now = Date.now()
    for (const connection of this.#connections) connection.checkTime(now)
  }
}
