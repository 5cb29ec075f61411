import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { EgressProxy } from '../egress/egress-proxy.ts'
import type { BodyOctets, BodySource, UpstreamRequest } from '../transport.ts'
import { chunkHead } from './body-upload.ts'
import { CallQueue } from './call-queue.ts'
import { Connection, type ConnectionEvents, type ConnectionOwner } from './connection.ts'
import { carriesLength } from './encode-request.ts'
import type { EncodedRequest, Http1Call } from './http1-call.ts'
import type { Http1TransportOptions } from './http1-options.ts'
import { openSocket } from './open-socket.ts'
import { openTunnel } from './open-tunnel.ts'
import { type OriginAddress, parseOrigin } from './origin-address.ts'
import { RequestHeads } from './request-heads.ts'
import { transportError } from './upstream-error.ts'

/** Connections of one origin at one moment. */
export interface PoolNumbers {
  readonly origin: string
  /** Sockets that are connecting, busy or idle. */
  readonly open: number
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly queued: number
}

/** Up to here a body, or what it begins with, is copied behind its head and both are one plain write. */
const JOINED_BODY_BYTES = 4096
/** The server's own count started earlier than ours. */
const KEEP_ALIVE_MARGIN_MS = 1_000
/** More idle connections than the limit are tolerated this long, so that a steady load does not reconnect. */
const SURPLUS_IDLE_MS = 1_000

/** Connections and waiting calls of one origin. */
export class OriginPool implements ConnectionOwner {
  readonly secure: boolean
  readonly connectTimeoutMs: number
  readonly maxResponseHeaderBytes: number
  readonly #origin: string
  readonly #address: OriginAddress
  readonly #options: Http1TransportOptions
  readonly #secureContext: SecureContext | null
  readonly #proxy: EgressProxy | null
  readonly #heads: RequestHeads
  readonly #connections = new Set<Connection>()
  /** The most recently used last. */
  readonly #idle: Connection[] = []
  readonly #queue = new CallQueue()
  #session: Buffer | null = null
  #lastUsed: number
  #onDrained: (() => void) | null = null

  constructor(origin: string, options: Http1TransportOptions) {
    this.#origin = origin
    this.#address = parseOrigin(origin)
    this.#options = options
    this.#heads = new RequestHeads(this.#address.host)
    const { proxy = null } = options
    this.#proxy = proxy?.isDirect(this.#address.hostname) === false ? proxy : null
    this.#lastUsed = options.now()
    this.secure = this.#address.secure
    this.#secureContext = this.secure ? createSecureContext(options.tls) : null
    this.connectTimeoutMs = options.connectTimeoutMs
    this.maxResponseHeaderBytes = options.maxResponseHeaderBytes
  }

  get numbers(): PoolNumbers {
    const idle = this.#idle.length
    return { origin: this.#origin, open: this.#connections.size, idle, queued: this.#queue.length }
  }

  /** @throws UpstreamError `UPSTREAM_INVALID_REQUEST` */
  encode(request: UpstreamRequest): EncodedRequest {
    const head = this.#heads.encode(request)
    const { rest = null } = request
    if (rest !== null) return encodeUpload(head, request, rest)
    if (!carriesLength(request)) return { head, body: nothing, rest }
    const pieces = piecesOf(request.body)
    const joined = countJoined(pieces)
    let joinedLength = 0
    for (let at = 0; at < joined; at++) joinedLength += (pieces[at] as Buffer).length
    const digits = `${request.body === null ? 0 : request.body.length}\r\n\r\n`
    const octets = Buffer.allocUnsafe(head.length + digits.length + joinedLength)
    octets.set(head, 0)
    octets.write(digits, head.length, 'latin1')
    let end = head.length + digits.length
    for (let at = 0; at < joined; at++) {
      const piece = pieces[at] as Buffer
      octets.set(piece, end)
      end += piece.length
    }
    return { head: octets, body: joined === pieces.length ? nothing : pieces.slice(joined), rest }
  }

  dispatch(call: Http1Call): void {
    // A kept connection may be closing, and an upload cannot be sent twice.
    const connection = call.request.rest === null ? this.#takeIdle() : null
    if (connection !== null) connection.run(call)
    else if (this.#connections.size < this.#options.maxConnectionsPerOrigin) this.#connect(call)
    else this.#queue.add(call)
  }

  now(): number {
    return this.#options.now()
  }

  open(events: ConnectionEvents): Socket {
    const plan = {
      address: this.#address,
      settings: this.#options,
      secureContext: this.#secureContext,
      session: this.#session,
      ...events,
    }
    return this.#proxy === null ? openSocket(plan) : openTunnel(plan, this.#proxy)
  }

  keepSession(session: Buffer): void {
    this.#session = session
  }

  release(connection: Connection): void {
    const waiting = this.#queue.take()
    if (waiting === null) this.#keepIdle(connection)
    else connection.run(waiting)
  }

  forget(connection: Connection, retry: Http1Call | null): void {
    this.#connections.delete(connection)
    if (connection.idle) this.#idle.splice(this.#idle.indexOf(connection), 1)
    const call = retry ?? this.#queue.take()
    if (call !== null) this.#connect(call)
    else if (this.#connections.size === 0) this.#onDrained?.()
  }

  /** Closes what has been idle too long; true when nothing is left that is worth keeping. */
  sweep(): boolean {
    const now = this.#options.now()
    const { maxIdlePerOrigin, idleTimeoutMs } = this.#options
    let surplus = this.#idle.length - maxIdlePerOrigin
    for (const connection of [...this.#idle]) {
      const unneeded = surplus > 0 && now - connection.idleSince >= SURPLUS_IDLE_MS
      if (unneeded || connection.idleUntil <= now) {
        connection.close(null)
        surplus--
      }
    }
    return this.#connections.size === 0 && now - this.#lastUsed >= idleTimeoutMs
  }

  /** Ends idle connections and resolves when the last running or waiting call is over. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve
      for (const connection of [...this.#idle]) connection.close(null)
      if (this.#connections.size === 0) resolve()
    })
  }

  /** Fails every waiting and running call and destroys every socket. */
  destroy(): void {
    for (let call = this.#queue.take(); call !== null; call = this.#queue.take()) call.fail(closed())
    for (const connection of [...this.#connections]) connection.fail(closed())
  }

  #takeIdle(): Connection | null {
    const now = this.#options.now()
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      connection.idle = false
      if (connection.usable && connection.idleUntil > now) return connection
      connection.close(null)
    }
    return null
  }

  #keepIdle(connection: Connection): void {
    const now = this.#options.now()
    const promised = connection.keepAliveMs - KEEP_ALIVE_MARGIN_MS
    connection.idleSince = now
    connection.idleUntil = now + Math.min(this.#options.idleTimeoutMs, promised)
    this.#lastUsed = now
    if (connection.idleUntil <= now || this.#onDrained !== null) {
      connection.close(null)
      return
    }
    connection.idle = true
    this.#idle.push(connection)
  }

  #connect(call: Http1Call): void {
    this.#connections.add(new Connection(this, call))
  }
}

const nothing: readonly Buffer[] = []

function piecesOf(body: BodyOctets | null): readonly Buffer[] {
  if (body === null) return nothing
  return 'pieces' in body ? body.pieces : [body]
}

/** How many of the first pieces are so short that they are copied behind the head. */
function countJoined(pieces: readonly Buffer[]): number {
  let length = 0
  let count = 0
  for (const piece of pieces) {
    length += piece.length
    if (length > JOINED_BODY_BYTES) return count
    count += 1
  }
  return count
}

/** Head and what has arrived of the body; the rest is written as it comes. */
function encodeUpload(head: Buffer, request: UpstreamRequest, rest: BodySource): EncodedRequest {
  const arrived = piecesOf(request.body)
  const length = request.body?.length ?? 0
  if (rest.length !== null) {
    const digits = Buffer.from(`${length + rest.length}\r\n\r\n`, 'latin1')
    return { head: Buffer.concat([head, digits]), body: arrived, rest }
  }
  const chunk = [Buffer.from(chunkHead(length), 'latin1'), ...arrived, Buffer.from('\r\n', 'latin1')]
  return { head, body: length === 0 ? nothing : chunk, rest }
}

function closed() {
  return transportError('UPSTREAM_TRANSPORT_CLOSED', 'The transport is closed.')
}
