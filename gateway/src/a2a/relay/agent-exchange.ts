import { type Deadline, startDeadline } from '../../http/deadline.ts'
import type { HeaderFields } from '../../http1/header-fields.ts'
import { SseParser } from '../../protocols/sse.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../../transport/transport.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { EventQueue } from './event-queue.ts'

const maxAnswerBytes = 8 * 1024 * 1024
const streamIdleMs = 120_000

/** What an agent answered: a body that is there, or events that are still coming. */
export type AgentAnswer =
  | { readonly kind: 'body'; readonly status: number; readonly text: string; readonly headers: HeaderFields }
  | { readonly kind: 'events'; readonly events: EventQueue; readonly headers: HeaderFields }

export interface AgentExchangeOptions {
  readonly transport: Transport
  readonly request: UpstreamRequest
  /** Milliseconds to the whole answer, or to the head of a stream. */
  readonly timeoutMs: number
  /** The longest stream. */
  readonly maxStreamMs: number
}

/** One call of an agent. Rejects with what its client may know: never an address, never what the network said. */
export class AgentExchange implements UpstreamSink {
  readonly answer: Promise<AgentAnswer>
  #resolve: (answer: AgentAnswer) => void = () => {}
  #reject: (error: A2aError) => void = () => {}
  readonly #maxStreamMs: number
  #call: UpstreamCall | null = null
  #deadline: Deadline
  #life: Deadline | null = null
  #status = 0
  #headers: HeaderFields | null = null
  #chunks: Buffer[] = []
  #size = 0
  #events: EventQueue | null = null
  readonly #parser = new SseParser()
  #done = false

  constructor({ transport, request, timeoutMs, maxStreamMs }: AgentExchangeOptions) {
    this.#maxStreamMs = maxStreamMs
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
    if (status >= 300 && status < 400) {
      this.#finish(new A2aError('UPSTREAM_ERROR', 'The agent redirected the call, which is not followed.'))
      return
    }
    const isStream = headers.get('content-type')?.toLowerCase().includes('text/event-stream') ?? false
    if (!isStream || status !== 200) return
    const events = new EventQueue()
    events.onRoom = () => this.#call?.resume()
    events.onAbandoned = this.cancel
    this.#events = events
    this.#life = startDeadline(this.#maxStreamMs, this.#onTooLong)
    this.#watchSilence()
    this.#resolve({ kind: 'events', events, headers })
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true
    if (this.#events !== null) return this.#onEventBytes(this.#events, chunk)
    this.#size += chunk.length
    if (this.#size > maxAnswerBytes) {
      this.#finish(new A2aError('INVALID_AGENT_RESPONSE', "The agent's answer is larger than 8 MiB."))
    } else {
      this.#chunks.push(chunk)
    }
    return true
  }

  #onEventBytes(events: EventQueue, chunk: Buffer): boolean {
    this.#watchSilence()
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
    if (this.#events !== null) {
      for (const { data } of this.#parser.end()) this.#events.push(data)
    } else if (this.#headers !== null) {
      const text = Buffer.concat(this.#chunks).toString('utf8')
      this.#resolve({ kind: 'body', status: this.#status, text, headers: this.#headers })
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
    if (this.#events !== null) this.#events.end(error)
    else if (error !== null) this.#reject(error)
  }
}
