import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../transport.ts'
import { Http1Call } from './http1-call.ts'
import type { Http1TransportOptions } from './http1-options.ts'
import { parseOrigin } from './origin-address.ts'
import { OriginPool, type PoolNumbers } from './origin-pool.ts'
import { transportError } from './upstream-error.ts'

const SWEEP_MS = 1_000

/**
 * HTTP/1.1 straight over sockets, one pool of kept connections per origin, one request at a time on each.
 *
 * Beyond the `Transport` contract: `send` throws an `UpstreamError` `UPSTREAM_INVALID_REQUEST` for a request
 * that cannot be written safely; `onFailure` receives an `UpstreamError`; `onEnd` may follow at once after an
 * `onData` that answered false, because the connection then no longer depends on the receiver; an exception
 * from `onHeaders` or `onData` fails the call. Freeze header lists that are used again: their octets are kept.
 */
export class Http1Transport implements Transport {
  readonly #options: Http1TransportOptions
  readonly #pools = new Map<string, OriginPool>()
  #sweeper: NodeJS.Timeout | null = null
  #closing: Promise<void> | null = null

  constructor(options: Http1TransportOptions) {
    this.#options = options
  }

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    if (this.#closing !== null) return refusedCall(sink)
    const pool = this.#pools.get(request.origin) ?? this.#addPool(request.origin)
    const call = new Http1Call(pool.encode(request), sink)
    pool.dispatch(call)
    return call
  }

  /** One entry per origin that is known at the moment. */
  poolNumbers(): PoolNumbers[] {
    return [...this.#pools.values()].map((pool) => pool.numbers)
  }

  /** Closes idle connections whose time is over and forgets unused origins; runs by itself every second. */
  sweep(): void {
    for (const [origin, pool] of this.#pools) if (pool.sweep()) this.#pools.delete(origin)
    if (this.#pools.size === 0) this.#stopSweeper()
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  async #drain(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#stopSweeper()
    const timer = setTimeout(() => {
      for (const pool of pools) pool.destroy()
    }, this.#options.closeTimeoutMs)
    await Promise.all(pools.map((pool) => pool.drain()))
    clearTimeout(timer)
  }

  #addPool(origin: string): OriginPool {
    const refusal = this.#options.refuseHost?.(parseOrigin(origin).hostname) ?? null
    if (refusal !== null)
      throw transportError('UPSTREAM_INVALID_REQUEST', `The address may not be called, because ${refusal}.`)
    const pool = new OriginPool(origin, this.#options)
    this.#pools.set(origin, pool)
    this.#sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref()
    return pool
  }

  #stopSweeper(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    this.#sweeper = null
  }
}

function refusedCall(sink: UpstreamSink): UpstreamCall {
  const call = new Http1Call({ head: Buffer.alloc(0), body: [], rest: null }, sink)
  queueMicrotask(() => call.fail(transportError('UPSTREAM_TRANSPORT_CLOSED', 'The transport is closed.')))
  return call
}
