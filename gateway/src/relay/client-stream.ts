import type { GatewayError } from '@routeiq/contract'
import type { Exchange } from '../http/exchange.ts'
import { appendHeadLines } from '../http/write-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { Attempt, StreamTarget } from './attempt.ts'

const sseHeaders = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-cache',
  'x-accel-buffering',
  'no',
] as const
const pingComment = Buffer.from(': ping\n\n')

export interface ClientStreamOptions {
  /** Milliseconds of silence after which a comment keeps the connection alive; 0 never sends one. */
  readonly keepaliveMs: number
  /** The head lines to send when a ping has to go out before the answer has begun. */
  readonly earlyLines: () => string
  /** The dialect's last event for a stream that broke off. */
  readonly formatFailure: (failure: UpstreamFailure | GatewayError) => Buffer
}

/** How a stream ended for the client. */
export interface StreamOutcome {
  readonly failure: UpstreamFailure | null
}

/**
 * The client's side of a stream. The head is held back until the first event, so that failures before it are
 * real HTTP errors; a client that reads slowly pauses the provider.
 */
export class ClientStream implements StreamTarget {
  /** Settles when the last byte has been handed to the socket, or when the client has left. */
  readonly outcome: Promise<StreamOutcome>
  /** Monotonic milliseconds of the first event's dispatch, null before. */
  firstEventAt: number | null = null
  readonly #exchange: Exchange
  readonly #options: ClientStreamOptions
  readonly #keepalive: NodeJS.Timeout | null
  #settle: (outcome: StreamOutcome) => void = () => {}
  #attempt: Attempt | null = null
  #silent = true
  #ended = false

  constructor(exchange: Exchange, options: ClientStreamOptions) {
    this.#exchange = exchange
    this.#options = options
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#keepalive = options.keepaliveMs > 0 ? setInterval(this.#onTick, options.keepaliveMs) : null
    exchange.response.on('drain', this.#onDrain)
  }

  /** True once a status went out, be it for an event or for a ping. */
  get committed(): boolean {
    return this.#exchange.response.headersSent
  }

  /** Sends the head, unless a ping already had to, and lets the attempt's events flow. */
  begin(attempt: Attempt, lines: string): void {
    this.#attempt = attempt
    this.#writeHead(lines)
    attempt.pipeTo(this)
  }

  write(bytes: Buffer): boolean {
    this.#silent = false
    this.firstEventAt ??= performance.now()
    return this.#exchange.clientGone || this.#exchange.response.write(bytes)
  }

  finish(failure: UpstreamFailure | null): void {
    if (this.#ended) return
    this.#stop()
    const { response, clientGone } = this.#exchange
    if (!clientGone) response.end(failure === null ? undefined : this.#options.formatFailure(failure))
    this.#settle({ failure })
  }

  /** No answer will come although the head is out: the error becomes the last event. */
  fail(error: GatewayError): void {
    if (this.#ended) return
    this.#stop()
    if (!this.#exchange.clientGone) this.#exchange.response.end(this.#options.formatFailure(error))
  }

  /** The client has left: stop the provider and report what was relayed so far. */
  abandon(): void {
    this.#attempt?.cancel()
    this.#stop()
    this.#settle({ failure: null })
  }

  /** No stream will follow: the answer is an ordinary one after all. */
  discard(): void {
    this.#stop()
  }

  #writeHead(lines: string): void {
    const { response, requestId, clientGone } = this.#exchange
    if (response.headersSent || clientGone) return
    response.writeHead(200, ['x-request-id', requestId, ...sseHeaders])
    appendHeadLines(response, lines)
  }

  #stop(): void {
    this.#ended = true
    if (this.#keepalive !== null) clearInterval(this.#keepalive)
    this.#exchange.response.off('drain', this.#onDrain)
  }

  readonly #onTick = (): void => {
    if (this.#silent) {
      this.#writeHead(this.#options.earlyLines())
      this.#exchange.response.write(pingComment)
    }
    this.#silent = true
  }

  readonly #onDrain = (): void => {
    this.#attempt?.resume()
  }
}
