import type { SocketSettings } from './open-socket.ts'

export interface Http1TransportOptions extends SocketSettings {
  readonly maxConnectionsPerOrigin: number
  /** Idle connections kept per origin once a burst is over. */
  readonly maxIdlePerOrigin: number
  /** How long an unused connection is kept; a server's `Keep-Alive: timeout` shortens it. */
  readonly idleTimeoutMs: number
  /** Limit for the head of an answer, interim answers included, and again for its trailers. */
  readonly maxResponseHeaderBytes: number
  /** How long `close()` waits for running calls before it fails them. */
  readonly closeTimeoutMs: number
  /** Milliseconds that never go back. */
  readonly now: () => number
}

/** Values for the process; `now` is the only one without a default. */
export const HTTP1_TRANSPORT_DEFAULTS = {
  maxConnectionsPerOrigin: 100,
  maxIdlePerOrigin: 1_024,
  idleTimeoutMs: 60_000,
  connectTimeoutMs: 5_000,
  maxResponseHeaderBytes: 64 * 1024,
  closeTimeoutMs: 30_000,
} as const
