import { GatewayError } from '@routeiq/contract'
import { type Deadline, startDeadline } from '../http/deadline.ts'
import type { Exchange } from '../http/exchange.ts'
import type { RosterMember } from '../http/roster.ts'
import { headLine, headLines } from '../http/server/head-line.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { StreamingCall, StreamTarget } from './attempt.ts'
import type { StreamRelay } from './relay.ts'

const streamLines = headLines(['cache-control', 'no-cache', 'x-accel-buffering', 'no'])
const pingComment = ': ping\n\n'

export interface ClientStreamOptions {
  readonly contentType: string
  /** Milliseconds of silence after which something keeps the connection alive; 0 sends nothing. */
  readonly keepaliveMs: number
  /** What keeps the connection alive once the dialect's events have begun. */
  readonly keepalive: string
  /** A client that reads nothing for so many milliseconds is taken for gone. */
  readonly stallTimeoutMs: number
  /** The head lines to send when a ping has to go out before the answer has begun. */
  readonly earlyLines: () => string
  /** The dialect's last event for a stream that broke off; null where there is none, and the connection breaks too. */
  readonly formatFailure: (failure: UpstreamFailure | GatewayError) => string | null
}

/** What the events come from. */
export type StreamSource = Pick<StreamRelay, 'encoding' | 'conclude'>

/** How a stream ended for the client. */
export interface StreamOutcome {
  readonly failure: UpstreamFailure | null
  /** Why the gateway itself ended the stream. */
  readonly interruption: GatewayError | null
}

/**
 * The client's side of a stream. The head is held back until the first event, so that failures before it are
 * real HTTP errors; a client that reads slowly pauses the provider.
 */
export class ClientStream implements StreamTarget, RosterMember {
  place = -1
  /** Settles when the last byte has been handed to the socket, or when the client has left. */
  readonly outcome: Promise<StreamOutcome>
  readonly #exchange: Exchange
  readonly #options: ClientStreamOptions
  #keepalive: Deadline | null = null
  #settle: (outcome: StreamOutcome) => void = () => {}
  #attempt: StreamingCall | null = null
  #source: StreamSource | null = null
  #encoding: 'latin1' | 'utf8' = 'utf8'
  #silent = true
  #ended = false
  #stall: Deadline | null = null

  constructor(exchange: Exchange, options: ClientStreamOptions) {
    this.#exchange = exchange
    this.#options = options
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#watchSilence()
    exchange.response.onDrain = this.#onDrain
  }

  /** True once a status went out, be it for an event or for a ping. */
  get committed(): boolean {
    return this.#exchange.response.headersSent
  }

  /** Sends the head (the dialect's own type unless told), unless a ping already had to, and lets the attempt's events flow. */
  begin(
    attempt: StreamingCall,
    source: StreamSource,
    lines: string,
    contentType: string | null = null,
  ): void {
    this.#attempt = attempt
    this.#source = source
    this.#encoding = source.encoding
    this.#writeHead(lines, contentType)
    attempt.pipeTo(this)
  }

  write(text: string): boolean {
    this.#silent = false
    if (this.#exchange.clientGone || this.#exchange.response.write(text, this.#encoding)) return true
    this.#stall ??= startDeadline(this.#options.stallTimeoutMs, this.#onStall)
    return false
  }

  finish(failure: UpstreamFailure | null): void {
    if (this.#ended) return
    const last = failure === null ? (this.#source?.conclude?.() ?? null) : null
    if (last === null) this.#end(failure, failure === null ? '' : this.#options.formatFailure(failure))
    else void last.then((text) => this.#end(null, text), this.#onUnwritten)
  }

  /** `last` is null where the dialect has no event that tells of a failure. */
  #end(failure: UpstreamFailure | null, last: string | null): void {
    if (this.#ended) return
    this.#stop()
    if (last === null) this.#exchange.response.destroy()
    else if (!this.#exchange.clientGone) this.#endBody(last)
    this.#settle({ failure, interruption: null })
  }

  /** All events at once, for an answer that came whole although the head is out. */
  complete(events: string): void {
    if (this.#ended) return
    this.#stop()
    if (!this.#exchange.clientGone) this.#endBody(events)
  }

  /** The gateway cannot go on: stops the provider and tells the client why. Without a head nothing is told. */
  interrupt(error: GatewayError): void {
    if (this.#ended || this.#attempt === null) return
    this.#attempt.cancel()
    this.fail(error)
    this.#settle({ failure: null, interruption: error })
  }

  /** No answer will come although the head is out: the error becomes the last event. */
  fail(error: GatewayError): void {
    if (this.#ended) return
    this.#stop()
    this.#breakOff(error)
  }

  /** The client has left: stop the provider and report what was relayed so far. */
  abandon(): void {
    this.#attempt?.cancel()
    this.#stop()
    this.#settle({ failure: null, interruption: null })
  }

  /** No stream will follow: the answer is an ordinary one after all. */
  discard(): void {
    this.#stop()
  }

  #breakOff(failure: UpstreamFailure | GatewayError): void {
    if (this.#exchange.clientGone) return
    const last = this.#options.formatFailure(failure)
    if (last === null) this.#exchange.response.destroy()
    else this.#endBody(last)
  }

  #writeHead(lines: string, contentType: string | null = null): void {
    const { response, requestId, clientGone } = this.#exchange
    if (clientGone) return
    const type = contentType ?? this.#options.contentType
    response.begin(
      200,
      `x-request-id: ${requestId}\r\n${headLine('content-type', type)}${streamLines}${lines}`,
    )
  }

  #endBody(last: string): void {
    const { response } = this.#exchange
    if (last !== '') response.write(last, 'utf8')
    response.end()
  }

  #stop(): void {
    this.#ended = true
    this.#keepalive?.clear()
  }

  #watchSilence(): void {
    const { keepaliveMs } = this.#options
    if (keepaliveMs > 0 && !this.#ended) this.#keepalive = startDeadline(keepaliveMs, this.#onTick)
  }

  /** Only events have comments; a stream of another form begins with the answer, or never. */
  get #isEventStream(): boolean {
    return this.#options.contentType.startsWith('text/event-stream')
  }

  readonly #onUnwritten = (): void => {
    this.#end(null, this.#options.formatFailure(new GatewayError('internal_error', 'The answer has no end.')))
  }

  readonly #onTick = (): void => {
    if (this.#silent && (this.#attempt !== null || this.#isEventStream)) {
      this.#writeHead(this.#options.earlyLines())
      this.#exchange.response.write(this.#attempt === null ? pingComment : this.#options.keepalive, 'latin1')
    }
    this.#silent = true
    this.#watchSilence()
  }

  readonly #onDrain = (): void => {
    this.#stall?.clear()
    this.#stall = null
    this.#attempt?.resume()
  }

  /** Closing the connection is what a client that left would have done; the rest follows from that. */
  readonly #onStall = (): void => {
    this.#exchange.response.destroy()
  }
}
