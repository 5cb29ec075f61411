import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exchange } from '../http/exchange.ts'
import { headLines } from '../http/server/head-line.ts'
import { HttpServer } from '../http/server/http-server.ts'
import type { HeaderFields } from '../http1/header-fields.ts'
import type { SiblingProcesses } from '../mcp/native/siblings.ts'
import { HTTP1_TRANSPORT_DEFAULTS } from '../transport/http1/http1-options.ts'
import { Http1Transport } from '../transport/http1/http1-transport.ts'
import type { UpstreamCall, UpstreamSink } from '../transport/transport.ts'

/** Each session may have a stream open beside its calls. */
const maxConnections = 4_096
/** Tells a worker where the sockets are. */
export const socketDirectoryVariable = 'WORKER_SOCKETS'
const addressHeader = 'x-routeiq-client-address'
/** What concerns one connection, and what was judged where the request arrived. */
const droppedFromRequests = new Set([
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'content-length'],
  ...['expect', 'accept-encoding', 'origin', 'x-request-id', addressHeader],
])
const droppedFromAnswers = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'date',
])

/**
 * A directory for the sockets over which workers pass requests on; nobody but the user of the gateway may enter it.
 * Returns its path and what removes it.
 */
export function createSocketDirectory(dataDir: string): { readonly path: string; remove(): void } {
  const path = makeIn(tmpdir()) ?? makeIn(dataDir) ?? ''
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Null where nothing may be written. */
function makeIn(parent: string): string | null {
  try {
    return mkdtempSync(join(parent, 'routeiq-workers-'))
  } catch {
    return null
  }
}

/** The workers beside this one: each listens at a socket that is named like it. */
export class SiblingSockets implements SiblingProcesses {
  readonly ownName: string
  readonly #path: string
  readonly #transport: Http1Transport
  #server: HttpServer | null = null

  constructor(directory: string, ownName: string) {
    this.#path = join(directory, hostOf(ownName))
    this.ownName = ownName
    this.#transport = new Http1Transport({
      ...HTTP1_TRANSPORT_DEFAULTS,
      maxConnectionsPerOrigin: maxConnections,
      socketPath: (hostname) => join(directory, hostname),
      now: () => performance.now(),
    })
  }

  /** Answers requests that other workers pass on as `server` answers those of clients. */
  async listen({ listener }: HttpServer): Promise<void> {
    this.#server = new HttpServer((request, response) => {
      request.cameFrom(request.headers[addressHeader] ?? '')
      listener(request, response)
    }, null)
    // A worker's own, not one that the primary shares out.
    await this.#server.listen({ path: this.#path, exclusive: true })
  }

  forward(name: string, exchange: Exchange, body: Buffer | null): Promise<boolean> {
    if (!/^\d{1,9}$/.test(name)) return Promise.resolve(false)
    const { method, headers, target, remoteAddress } = exchange.request
    const passed = Object.entries(headers).flatMap(([field, value]) =>
      value === undefined || droppedFromRequests.has(field) ? [] : [field, value],
    )
    const fixed = ['x-request-id', exchange.requestId, addressHeader, remoteAddress ?? '']
    return new Promise((resolve) => {
      const answer = new PassedAnswer(exchange, resolve)
      answer.call = this.#transport.send(
        {
          ...{ origin: `http://${hostOf(name)}`, method: method as 'POST', path: target, body },
          headers: [...passed, ...fixed],
        },
        answer,
      )
      exchange.whenClientGone(() => {
        answer.call?.cancel()
        resolve(true)
      })
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.#server?.close(), this.#transport.close()])
  }
}

/** A name alone could be read as an address. */
function hostOf(name: string): string {
  return `worker-${name}`
}

/** Passes the answer of another worker on as it comes. */
class PassedAnswer implements UpstreamSink {
  call: UpstreamCall | null = null
  readonly #exchange: Exchange
  readonly #settle: (isAnswered: boolean) => void

  constructor(exchange: Exchange, settle: (isAnswered: boolean) => void) {
    this.#exchange = exchange
    this.#settle = settle
    exchange.response.onDrain = () => this.call?.resume()
  }

  onHeaders(status: number, { names, values }: HeaderFields): void {
    const kept = names.flatMap((name, at) => (droppedFromAnswers.has(name) ? [] : [name, values[at] ?? '']))
    this.#exchange.response.begin(status, headLines(kept))
  }

  onData(chunk: Buffer): boolean {
    return this.#exchange.response.writeBytes(chunk)
  }

  onEnd(): void {
    this.#exchange.response.end()
    this.#settle(true)
  }

  onFailure(): void {
    const { response } = this.#exchange
    const hasBegun = response.headersSent
    if (hasBegun) response.destroy()
    this.#settle(hasBegun)
  }
}
