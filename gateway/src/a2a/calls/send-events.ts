import type { JsonRecord } from '../../conversation/json-value.ts'
import { startDeadline } from '../../http/deadline.ts'
import { headLines } from '../../http/server/head-line.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import type { AgentEvents } from '../relay/agent-relay.ts'
import type { OpenStreams } from '../relay/open-streams.ts'
import { toA2aError } from './to-a2a-error.ts'

const commentEveryMs = 15_000
const emptyLine = Buffer.from('\n\n')
const emptyWideLine = Buffer.from('\r\n\r\n')

export interface SendEventsOptions {
  readonly streams: OpenStreams
  /** A flat name, value list. */
  readonly headers: readonly string[]
  readonly frame: (event: JsonRecord) => string
  readonly frameError: (error: A2aError) => string
}

/**
 * Sends events as they come. What fails before the first one rejects, so that it can be answered plainly; later
 * failures become the last event, and reject too, once they are sent.
 */
export async function sendEvents(
  call: AgentCall,
  { events, cancel }: Pick<AgentEvents, 'events' | 'cancel'>,
  options: SendEventsOptions,
): Promise<void> {
  const iterator = events[Symbol.asyncIterator]()
  const next = iterator.next()
  await resolvedWithin(next, commentEveryMs)
  const client = new EventClient(call, options)
  try {
    for (let step = await client.orInterrupted(next); step.done !== true; ) {
      await client.send(Buffer.isBuffer(step.value) ? step.value : options.frame(step.value))
      step = await client.orInterrupted(iterator.next())
    }
    client.end()
  } catch (error) {
    const failure = toA2aError(error)
    await client.send(options.frameError(failure))
    client.end()
    throw failure
  } finally {
    client.close()
    cancel()
  }
}

/** Resolves with the promise or when the time is over, and rejects with the promise. */
function resolvedWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = startDeadline(ms, resolve)
    promise.then(() => resolve(), reject).finally(() => deadline.clear())
  })
}

/** The client of a stream: may be slow, may leave, and hears of it when the stream is taken away. */
class EventClient {
  readonly #call: AgentCall
  #interruption: A2aError | null = null
  #onInterrupt: ((error: A2aError) => void) | null = null
  readonly #leave: () => void
  readonly #comments: NodeJS.Timeout
  #isBetweenEvents = true
  #drained: (() => void) | null = null

  constructor(call: AgentCall, { streams, headers }: SendEventsOptions) {
    this.#call = call
    const { exchange } = call
    this.#leave = streams.add(call.agent.agentId, this.#interrupt)
    exchange.whenClientGone(() => {
      this.#drained?.()
      this.#interrupt(new A2aError('INTERNAL', 'The client left.'))
    })
    const lines = headLines([
      ...['x-request-id', exchange.requestId, 'content-type', 'text/event-stream'],
      ...['cache-control', 'no-cache', 'x-accel-buffering', 'no', ...headers],
    ])
    exchange.response.begin(200, lines)
    exchange.response.onDrain = () => this.#drained?.()
    this.#comments = setInterval(() => this.#comment(), commentEveryMs)
  }

  readonly #interrupt = (error: A2aError): void => {
    this.#interruption ??= error
    this.#onInterrupt?.(error)
  }

  /** A race with one promise for the whole stream would keep every event of it. */
  orInterrupted<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#interruption === null) this.#onInterrupt = reject
      else reject(this.#interruption)
      promise.then(resolve, reject)
    })
  }

  /** Text is the data of an event; bytes are of a stream that passes as it is. */
  async send(data: string | Buffer): Promise<void> {
    const { exchange } = this.#call
    if (exchange.clientGone || this.#write(data)) return
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      if (exchange.clientGone) resolve()
    })
    this.#drained = null
  }

  #write(data: string | Buffer): boolean {
    const { response } = this.#call.exchange
    if (typeof data !== 'string') {
      this.#isBetweenEvents = data.subarray(-2).equals(emptyLine) || data.subarray(-4).equals(emptyWideLine)
      return response.writeBytes(data)
    }
    const start = this.#isBetweenEvents ? '' : '\n\n'
    this.#isBetweenEvents = true
    return response.write(`${start}data: ${data}\n\n`, 'utf8')
  }

  /** What says that the stream is alive must not be said in the middle of an event. */
  #comment(): void {
    if (this.#isBetweenEvents) this.#call.exchange.response.write(': \n\n', 'latin1')
  }

  end(): void {
    this.#call.exchange.response.end()
  }

  close(): void {
    clearInterval(this.#comments)
    this.#leave()
  }
}
