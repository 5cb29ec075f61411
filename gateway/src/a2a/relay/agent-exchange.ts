import { type JsonRecord, parseJson, readRecord } from '../../conversation/json-value.ts'
import { type Deadline, startDeadline } from '../../http/deadline.ts'
import type { HeaderFields } from '../../http1/header-fields.ts'
import { SseParser } from '../../protocols/sse.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../../transport/transport.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { EventQueue } from './event-queue.ts'

const maxAnswerBytes = 8 * 1024 * 1024
const streamIdleMs = 120_000
/** Completes an event that ends with its stream. */
const lastLineEnd = Buffer.from('\n\n')

/** What an agent answered: a body that is there, or events that are still coming. */
export type AgentAnswer =
  | {
      readonly kind: 'body'
      readonly status: number
      /** Null when the body is no JSON object. */
      readonly message: JsonRecord | null
      readonly headers: HeaderFields
    }
  | { readonly kind: 'events'; readonly events: EventQueue; readonly headers: HeaderFields }
  | { readonly kind: 'bytes'; readonly bytes: EventQueue<Buffer>; readonly headers: HeaderFields }

/** The agent wants the same request somewhere else. */
export interface AgentMoved {
  readonly kind: 'moved'
  /** As the agent wrote it. */
  readonly location: string
}

export interface AgentExchangeOptions {
  readonly transport: Transport
  readonly request: UpstreamRequest
  /** Milliseconds to the whole answer, or to the head of a stream. */
  readonly timeoutMs: number
  /** The longest stream. */
  readonly maxStreamMs: number
  /** A stream is wanted as its bytes, unread. */
  readonly isRaw: boolean
}

/** One call of an agent. Rejects with what its client may know: never an address, never what the network said. */
export class AgentExchange implements UpstreamSink {
  readonly answer: Promise<AgentAnswer | AgentMoved>
  #resolve: (answer: AgentAnswer | AgentMoved) => void = () => {}
  #reject: (error: A2aError) => void = () => {}
  readonly #maxStreamMs: number
  readonly #isRaw: boolean
  #call: UpstreamCall | null = null
  #deadline: Deadline
  #life: Deadline | null = null
  #status = 0
  #headers: HeaderFields | null = null
  #chunks: Buffer[] = []
  #size = 0
  /** What of a stream is not read yet. */
  #stream: Pick<EventQueue, 'end'> | null = null
  /** Takes bytes of it; false asks for a pause. */
  #take: (chunk: Buffer) => boolean = () => true
  readonly #parser = new SseParser()
  #done = false

  constructor({ transport, request, timeoutMs, maxStreamMs, isRaw }: AgentExchangeOptions) {
    this.#maxStreamMs = maxStreamMs
    this.#isRaw = isRaw
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#deadline = startDeadline(timeoutMs, this.#onTimeout)
    try {
      this.#call = transport.send(request, this)
    } catch (error) {
      this.onFailure(error as Error)
    }
  }

  /** Ends the connection, and nothing else: the agent goes on with its task. */
  readonly cancel = (): void => {
    if (this.#done) return
    this.#finish(new A2aError('INTERNAL', 'The call was cancelled.'))
  }

  onHeaders(status: number, headers: HeaderFields): void {
    this.#status = status
    this.#headers = headers
    if (status === 307 || status === 308) {
      this.#resolve({ kind: 'moved', location: headers.get('location') ?? '' })
      this.#finish(null)
      this.#call?.cancel()
      return
    }
    if (status >= 300 && status < 400) {
      this.#finish(new A2aError('UPSTREAM_ERROR', 'The agent redirected the call, which is not followed.'))
      return
    }
    const isStream = headers.get('content-type')?.toLowerCase().includes('text/event-stream') ?? false
    if (!isStream || status !== 200) return
    this.#life = startDeadline(this.#maxStreamMs, this.#onTooLong)
    this.#watchSilence()
    if (this.#isRaw) {
      const bytes = this.#open<Buffer>((queue, chunk) => queue.push(chunk))
      this.#resolve({ kind: 'bytes', bytes, headers })
    } else {
      const events = this.#open<string>((queue, chunk) => this.#readEvents(queue, chunk))
      this.#resolve({ kind: 'events', events, headers })
    }
  }

  #open<Item extends { readonly length: number }>(
    take: (queue: EventQueue<Item>, chunk: Buffer) => boolean,
  ): EventQueue<Item> {
    const queue = new EventQueue<Item>()
    queue.onRoom = () => this.#call?.resume()
    queue.onAbandoned = this.cancel
    this.#stream = queue
    this.#take = (chunk) => take(queue, chunk)
    return queue
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true
    if (this.#stream !== null) {
      this.#watchSilence()
      return this.#take(chunk)
    }
    this.#size += chunk.length
    if (this.#size > maxAnswerBytes) {
      this.#finish(new A2aError('INVALID_AGENT_RESPONSE', "The agent's answer is larger than 8 MiB."))
    } else {
      this.#chunks.push(chunk)
    }
    return true
  }

  #readEvents(events: EventQueue, chunk: Buffer): boolean {
    try {
      let flows = true
      for (const { data } of this.#parser.push(chunk)) flows = events.push(data)
      return flows
    } catch (error) {
      this.#finish(
        new A2aError('INVALID_AGENT_RESPONSE', 'An event of the agent is too large.', { cause: error }),
      )
      return true
    }
  }

  onEnd(): void {
    if (this.#done) return
    if (this.#stream !== null) {
      if (!this.#isRaw) this.#take(lastLineEnd)
    } else if (this.#headers !== null) {
      const message = readRecord(parseJson(Buffer.concat(this.#chunks).toString('utf8')))
      this.#resolve({ kind: 'body', status: this.#status, message, headers: this.#headers })
    }
    this.#finish(null)
  }

  onFailure(error: Error): void {
    const isCut = this.#headers !== null
    const message = isCut ? "The agent's answer was cut off." : 'The agent could not be reached.'
    this.#finish(new A2aError('UPSTREAM_UNREACHABLE', message, { cause: error }))
  }

  #watchSilence(): void {
    this.#deadline.clear()
    this.#deadline = startDeadline(streamIdleMs, this.#onTimeout)
  }

  readonly #onTimeout = (): void => {
    this.#finish(new A2aError('UPSTREAM_TIMEOUT', 'The agent did not answer in time.'))
  }

  readonly #onTooLong = (): void => {
    this.#finish(new A2aError('UPSTREAM_TIMEOUT', 'The stream lasted longer than streams may.'))
  }

  #finish(error: A2aError | null): void {
    if (this.#done) return
    this.#done = true
    this.#deadline.clear()
    this.#life?.clear()
    if (error !== null) this.#call?.cancel()
    if (this.#stream !== null) this.#stream.end(error)
    else if (error !== null) this.#reject(error)
  }
}
