import net from 'node:net'
import tls from 'node:tls'
import type { EgressProxy } from '../egress/egress-proxy.ts'
import type { OriginAddress } from './origin-address.ts'

/** What an operator may set for TLS; certificates are checked unless `rejectUnauthorized` is false. */
export type TlsSettings = Pick<
  tls.ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'minVersion' | 'maxVersion' | 'ciphers' | 'rejectUnauthorized'
>

export interface SocketSettings {
  readonly connectTimeoutMs: number
  /** Replaces `dns.lookup`. Node never asks it about an IP literal: those are the caller's to judge. */
  readonly lookup?: net.LookupFunction
  /** Judges hosts before anything is opened, IP literals above all: null, or why one may not be called. */
  readonly refuseHost?: (hostname: string) => string | null
  /** The path of a local socket to open in place of a host and port. */
  readonly socketPath?: (hostname: string) => string
  readonly tls?: TlsSettings
  /** The way out; null or absent dials targets themselves. */
  readonly proxy?: EgressProxy | null
  /** Whether a name that is unknown here is refused before the proxy is asked to find it. */
  readonly needsKnownNames?: boolean
}

const KEEP_ALIVE_PROBE_MS = 30_000

/**
 * One buffer that every socket reads into; Node would allocate 64 KiB for each read otherwise. Safe because a
 * read and its handler are one synchronous step and the response parser copies what outlives it.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** Called with the octets of one read; false stops reading until the socket is resumed. */
export type ReadHandler = (length: number, buffer: Buffer) => boolean

/** A connection to open, and who is told of it. */
export interface SocketPlan {
  readonly address: OriginAddress
  readonly settings: SocketSettings
  /** Null for http. */
  readonly secureContext: tls.SecureContext | null
  /** A session to resume. */
  readonly session: Buffer | null
  readonly onRead: ReadHandler
  /** Requests may be written: the connection stands, and for https its certificate was accepted. */
  readonly onReady: () => void
  /** Another socket takes the place of the one that was returned: TLS inside a tunnel. */
  readonly onReplaced: (socket: net.Socket) => void
}

/** Starts connecting to the target itself. */
export function openSocket(plan: SocketPlan): net.Socket {
  const { address, settings, secureContext, onRead, onReady } = plan
  const options = {
    ...(settings.socketPath === undefined
      ? { host: address.hostname, port: address.port }
      : { path: settings.socketPath(address.hostname) }),
    noDelay: true,
    keepAlive: true,
    ...connectionOptions(plan),
    onread: { buffer: readBuffer, callback: onRead as (length: number, buffer: Uint8Array) => boolean },
    ...(settings.lookup === undefined ? {} : { lookup: settings.lookup }),
  }
  if (secureContext !== null) return secure(plan, options)
  const socket = net.connect(options)
  socket.once('connect', onReady)
  return socket
}

/** TLS with the target, over a socket of its own or over the one of `options`. */
export function secure(plan: SocketPlan, options: tls.ConnectionOptions): tls.TLSSocket {
  const { address, settings, secureContext, session, onReady } = plan
  const socket = tls.connect({
    host: address.hostname,
    ...options,
    ...(secureContext === null ? {} : { secureContext }),
    rejectUnauthorized: settings.tls?.rejectUnauthorized !== false,
    ALPNProtocols: ['http/1.1'],
    ...(net.isIP(address.hostname) === 0 ? { servername: address.hostname } : {}),
    ...(session === null ? {} : { session }),
  })
  socket.once('secureConnect', onReady)
  return socket
}

/** How addresses are dialled. */
export function connectionOptions({ settings }: SocketPlan) {
  return {
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    autoSelectFamily: true,
    // Node's own 250 ms gives up a healthy but distant address for good.
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.ceil(settings.connectTimeoutMs / 5)),
  }
}
