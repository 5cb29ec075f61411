import { type Deadline, startDeadline } from '../http/deadline.ts'
import { HeaderFields } from '../http1/header-fields.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../transport/transport.ts'
import type { PlainReply, ReplyReader, StreamRelay } from './relay.ts'
import { transportFailure } from './transport-failure.ts'

const maxErrorBytes = 65_536

/** How one upstream call ended, or got under way. */
export type AttemptResult =
  | { readonly kind: 'reply'; readonly reply: PlainReply; readonly status: number }
  | { readonly kind: 'stream' }
  | { readonly kind: 'failure'; readonly failure: UpstreamFailure }
  /** The client left; nobody waits for a verdict. */
  | { readonly kind: 'cancelled' }

/** Where the events of a stream go once the first one has decided the status. */
export interface StreamTarget {
  /** False when the client reads more slowly than the provider writes. */
  write(text: string): boolean
  /** The stream is complete, or it broke off with `failure`. */
  finish(failure: UpstreamFailure | null): void
}

export interface AttemptOptions {
  readonly transport: Transport
  /** Milliseconds to the end of a plain answer, or to the first event of a stream. */
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxResponseBytes: number
  /** Null asks for a plain answer. */
  readonly relay: StreamRelay | null
  readonly readReply: ReplyReader
  readonly decodeError: (
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => UpstreamFailure
}

/** What a stream flows out of: one upstream call, or several that follow each other. */
export type StreamingCall = Pick<Attempt, 'fields' | 'pipeTo' | 'cancel' | 'resume'>

/**
 * One call to one deployment. `result` settles when the answer is complete, when the first event of a stream has
 * arrived, or when the call has failed; it never rejects. After a stream has begun, `pipeTo` takes the rest.
 */
export class Attempt implements UpstreamSink {
  readonly result: Promise<AttemptResult>
  /** The provider's header fields; none before they have arrived. */
  fields: HeaderFields = new HeaderFields()
  /** Monotonic milliseconds of the first byte of the body, null before. */
  firstByteAt: number | null = null
  readonly #options: AttemptOptions
  readonly #call: UpstreamCall
  #settle: (result: AttemptResult) => void = () => {}
  #deadline: Deadline
  #status = 0
  #relay: StreamRelay | null = null
  #chunks: Buffer[] = []
  #size = 0
  #done = false
  #target: StreamTarget | null = null
  #held: string[] = []
  #begun = false
  #ending: { readonly failure: UpstreamFailure | null } | null = null
  #silentChecks = 0
  #paused = false

  /** The request is handed on and not kept: its octets would stay as long as the stream. */
  constructor(request: UpstreamRequest, options: AttemptOptions) {
    this.#options = options
    this.result = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#deadline = startDeadline(options.timeoutMs, this.#onTimeout)
    this.#call = this.#send(request)
  }

  /** A transport refuses what cannot be written safely (a header with a line break) by throwing. */
  #send(request: UpstreamRequest): UpstreamCall {
    try {
      return this.#options.transport.send(request, this)
    } catch (error) {
      this.#end(transportFailure(error instanceof Error ? error : new Error(String(error))))
      return nothingToCancel
    }
  }

  /** Ends the call without a verdict. */
  cancel(): void {
    this.#stop()
    this.#call.cancel()
    this.#settle({ kind: 'cancelled' })
  }

  /** The client has caught up. */
  resume(): void {
    this.#paused = false
    this.#silentChecks = 0
    this.#call.resume()
  }

  /** From the first event on, everything goes to `target`. */
  pipeTo(target: StreamTarget): void {
    this.#target = target
    const held = this.#held
    this.#held = []
    for (const text of held) target.write(text)
    if (this.#ending !== null) target.finish(this.#ending.failure)
  }

  onHeaders(status: number, headers: HeaderFields): void {
    this.#status = status
    this.fields = headers
    const { relay } = this.#options
    if (status >= 400 || relay === null) return
    if (headers.get('content-type')?.toLowerCase().includes(relay.mediaType) === true) this.#relay = relay
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true
    this.firstByteAt ??= performance.now()
    if (this.#relay !== null) return this.#relayChunk(this.#relay, chunk)
    this.#size += chunk.length
    if (this.#status >= 400) {
      if (this.#size - chunk.length < maxErrorBytes) this.#chunks.push(chunk)
      return true
    }
    this.#chunks.push(chunk)
    if (this.#size > this.#options.maxResponseBytes) this.#failHard(tooLarge(this.#options.maxResponseBytes))
    return true
  }

  onEnd(): void {
    if (this.#done) return
    if (this.#relay !== null) {
      this.#endStream(this.#relay)
      return
    }
    this.#stop()
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    this.#settle(this.#read(body))
  }

  onFailure(error: Error): void {
    if (!this.#done) this.#end(transportFailure(error))
  }

  #relayChunk(relay: StreamRelay, chunk: Buffer): boolean {
    this.#silentChecks = 0
    const text = relay.push(chunk)
    const flowing = text === null || this.#deliver(text)
    if (!flowing) this.#paused = true
    if (relay.failure !== null) this.#failHard(relay.failure)
    return flowing
  }

  /** Hands text on, or keeps it until `pipeTo`. The first decides the status. */
  #deliver(text: string): boolean {
    if (this.#target !== null) return this.#target.write(text)
    this.#held.push(text)
    if (!this.#begun) {
      this.#begun = true
      this.#watchSilence()
      this.#settle({ kind: 'stream' })
    }
    return true
  }

  /** From now on only silence counts. Looked at every quarter of the limit, so that an event costs nothing. */
  #watchSilence(): void {
    this.#deadline.clear()
    this.#deadline = startDeadline(this.#options.idleTimeoutMs / 4, this.#onSilenceCheck)
  }

  readonly #onSilenceCheck = (): void => {
    // While the client does not read, the silence is its own.
    if (!this.#paused) this.#silentChecks += 1
    if (this.#silentChecks > 4)
      this.#failHard(timedOut(`no data for ${this.#options.idleTimeoutMs / 1000} s`))
    else this.#watchSilence()
  }

  #endStream(relay: StreamRelay): void {
    const last = relay.end()
    if (last !== null) this.#deliver(last)
    this.#end(relay.failure ?? (this.#begun ? null : unreadableAnswer('an empty stream')))
  }

  /** The one exit of every call: reports to whoever waits, which is the target once a stream has begun. */
  #end(failure: UpstreamFailure | null): void {
    this.#stop()
    if (!this.#begun) {
      if (failure !== null) this.#settle({ kind: 'failure', failure })
      return
    }
    this.#ending = { failure }
    this.#target?.finish(failure)
  }

  /** Never throws, so that the result settles whatever a provider sent. */
  #read(body: Buffer): AttemptResult {
    let reply: PlainReply | UpstreamFailure
    try {
      reply =
        this.#status >= 400
          ? this.#options.decodeError(this.#status, this.fields.toRecord(), body.toString('utf8'))
          : this.#options.readReply(body, this.fields.get('content-type') ?? '')
    } catch (error) {
      reply = unreadableAnswer(error instanceof Error ? error.message : 'something unreadable')
    }
    return 'kind' in reply
      ? { kind: 'failure', failure: reply }
      : { kind: 'reply', reply, status: this.#status }
  }

  readonly #onTimeout = (): void => {
    this.#failHard(timedOut(`no answer within ${this.#options.timeoutMs / 1000} s`))
  }

  #failHard(failure: UpstreamFailure): void {
    this.#call.cancel()
    this.#end(failure)
  }

  #stop(): void {
    this.#done = true
    this.#deadline.clear()
  }
}

const nothingToCancel: UpstreamCall = { cancel: () => {}, resume: () => {} }

function timedOut(what: string): UpstreamFailure {
  return {
    kind: 'timeout',
    status: 0,
    message: `Timed out: ${what}`,
    retryAfterMs: null,
    providerFields: null,
  }
}

function tooLarge(limit: number): UpstreamFailure {
  return {
    kind: 'response_too_large',
    status: 0,
    message: `The provider answered more than ${limit} bytes (general_settings.max_response_size_mb)`,
    retryAfterMs: null,
    providerFields: null,
  }
}
