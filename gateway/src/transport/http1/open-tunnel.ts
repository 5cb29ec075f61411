import net from 'node:net'
import type { EgressProxy } from '../egress/egress-proxy.ts'
import { connectionOptions, type ReadHandler, type SocketPlan, secure } from './open-socket.ts'
import { transportError } from './upstream-error.ts'

/** How long a name that is only checked may take to be looked up here. */
const adviceTimeoutMs = 1_000
const maxAnswerBytes = 16_384
const headEnd = '\r\n\r\n'

/**
 * Starts connecting through a proxy: a tunnel first, and TLS with the target inside it for https. The socket that is
 * returned reports whatever goes wrong on the way.
 */
export function openTunnel(plan: SocketPlan, proxy: EgressProxy): net.Socket {
  const raw = new net.Socket()
  const answer = new ConnectAnswer((error) => {
    raw.off('data', onAnswer)
    if (error !== null) raw.destroy(error)
    else if (plan.secureContext === null) {
      deliver(raw, plan.onRead)
      plan.onReady()
    } else {
      const secured = secure(plan, { socket: raw })
      deliver(secured, plan.onRead)
      plan.onReplaced(secured)
    }
  })
  const onAnswer = (chunk: Buffer): void => answer.push(chunk)
  raw.on('data', onAnswer)
  judgeName(plan, (refusal) => {
    if (refusal !== null) raw.destroy(refusal)
    else if (!raw.destroyed) {
      raw.setNoDelay(true)
      raw.connect({ ...connectionOptions(plan), host: proxy.hostname, port: proxy.port, keepAlive: true })
    }
  })
  raw.once('connect', () => raw.write(connectHead(plan, proxy)))
  return raw
}

/** Node reads into a buffer of ours only where a socket is opened for its target. */
function deliver(socket: net.Socket, onRead: ReadHandler): void {
  socket.on('data', (chunk: Buffer) => {
    if (!onRead(chunk.length, chunk)) socket.pause()
  })
}

/** The name is the proxy's to resolve; what it leads to here is judged all the same. Addresses have been judged before. */
function judgeName({ address, settings }: SocketPlan, done: (refusal: Error | null) => void): void {
  const { lookup, needsKnownNames = false } = settings
  if (lookup === undefined || net.isIP(address.hostname) !== 0) {
    queueMicrotask(() => done(null))
    return
  }
  let isDone = false
  const finish = (error: NodeJS.ErrnoException | null): void => {
    clearTimeout(deadline)
    if (isDone) return
    isDone = true
    done(error !== null && (needsKnownNames || error.code === 'EACCES') ? error : null)
  }
  const deadline = setTimeout(() => {
    if (!needsKnownNames) finish(null)
  }, adviceTimeoutMs)
  lookup(address.hostname, { all: true }, finish)
}

function connectHead({ address }: SocketPlan, { authorization }: EgressProxy): string {
  const host = net.isIP(address.hostname) === 6 ? `[${address.hostname}]` : address.hostname
  const target = `${host}:${address.port}`
  const credentials = authorization === null ? '' : `proxy-authorization: ${authorization}\r\n`
  return `CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${credentials}\r\n`
}

/** Reads what the proxy says to `CONNECT`; calls back once, with null for an open tunnel. */
class ConnectAnswer {
  readonly #onEnd: (error: Error | null) => void
  #text = ''

  constructor(onEnd: (error: Error | null) => void) {
    this.#onEnd = onEnd
  }

  push(chunk: Buffer): void {
    this.#text += chunk.toString('latin1')
    const end = this.#text.indexOf(headEnd)
    if (end < 0 && this.#text.length <= maxAnswerBytes) return
    const status = Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(this.#text)?.[1] ?? 0)
    const hasMore = end + headEnd.length < this.#text.length
    if (end < 0 || status === 0 || (status < 300 && hasMore))
      this.#onEnd(transportError('UPSTREAM_PROTOCOL', 'The proxy did not answer in HTTP.'))
    else if (status < 200 || status >= 300)
      this.#onEnd(transportError('UPSTREAM_PROXY_REFUSED', `The proxy refused the connection (${status}).`))
    else this.#onEnd(null)
  }
}
