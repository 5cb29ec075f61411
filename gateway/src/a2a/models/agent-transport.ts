import { setTimeout as sleep } from 'node:timers/promises'
import { type JsonRecord, parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import type { Exchange } from '../../http/exchange.ts'
import { HeaderFields } from '../../http1/header-fields.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../../transport/transport.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { findAgent } from '../calls/find-agent.ts'
import { performCall } from '../calls/perform-call.ts'
import { toA2aError } from '../calls/to-a2a-error.ts'
import { type A2aError, formatRestError } from '../protocol/a2a-error.ts'
import { isWorking } from '../protocol/translate-objects.ts'
import { type AgentCall, beginCall } from '../relay/agent-call.ts'
import type { AgentEvents } from '../relay/agent-relay.ts'

const pollEveryMs = 500

/** Whose request it is, and which conversation of theirs it continues. */
export interface ModelCaller {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly sessionId: string | null
}

/** The way of the model pipeline to the gateway's own agents, for one request: it speaks HTTP+JSON of A2A 1.0. */
export class AgentTransport implements Transport {
  readonly #plane: A2aPlane
  readonly #from: ModelCaller

  constructor(plane: A2aPlane, from: ModelCaller) {
    this.#plane = plane
    this.#from = from
  }

  send({ path, body }: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const call = new ModelCall(this.#plane, this.#from, sink)
    // Answering in the same turn would reach a sink that is still being built.
    const params = readRecord(parseJson(body?.toString('utf8') ?? '')) ?? {}
    setImmediate(() => void call.run(path, params, body?.length ?? 0))
    return call
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class ModelCall implements UpstreamCall {
  readonly #plane: A2aPlane
  readonly #from: ModelCaller
  readonly #sink: UpstreamSink
  #end: () => void = () => {}
  #goOn: () => void = () => {}
  #isCancelled = false
  #hasBegun = false

  constructor(plane: A2aPlane, from: ModelCaller, sink: UpstreamSink) {
    this.#plane = plane
    this.#from = from
    this.#sink = sink
  }

  cancel(): void {
    this.#isCancelled = true
    this.#end()
    this.#goOn()
  }

  resume(): void {
    this.#goOn()
  }

  async run(path: string, params: JsonRecord, bytes: number): Promise<void> {
    if (this.#isCancelled) return
    let call: AgentCall | null = null
    try {
      call = await this.#open(path, params, bytes)
      await this.#answer(call)
      await this.#plane.sessions.keep(this.#from, call)
      this.#plane.settle(call, null)
    } catch (error) {
      const failure = toA2aError(error)
      if (call !== null) this.#plane.settle(call, failure)
      this.#fail(failure)
    }
  }

  async #open(path: string, params: JsonRecord, bytes: number): Promise<AgentCall> {
    const [, name = '', verb] = /^\/a2a\/([^/]+)\/message:(send|stream)$/.exec(path) ?? []
    const { exchange, caller } = this.#from
    const agent = findAgent(this.#plane, decodeURIComponent(name), caller)
    const message = readRecord(params['message'])
    const known = await this.#plane.sessions.find(this.#from, agent)
    const canStream = verb === 'stream' && (await this.#plane.relay.canStream(agent))
    return beginCall({
      ...{ exchange, caller, agent, version: '1.0', bytes },
      operation: canStream ? 'stream' : 'send',
      params: { ...params, message: { ...message, ...known } },
      isModelCall: true,
      whenAbandoned: (end) => {
        this.#end = end
        if (this.#isCancelled) end()
      },
    })
  }

  async #answer(call: AgentCall): Promise<void> {
    const performed = await performCall(this.#plane, call)
    if (!('result' in performed)) return this.#relay(performed)
    const result = await this.#whenDone(call, readRecord(performed.result) ?? {})
    this.#begin(200, 'application/json')
    this.#write(JSON.stringify(result))
    this.#finish()
  }

  async #relay({ events, cancel }: AgentEvents): Promise<void> {
    try {
      for await (const event of events) {
        if (this.#isCancelled) return
        this.#begin(200, 'text/event-stream')
        if (!this.#write(Buffer.isBuffer(event) ? event : `data: ${JSON.stringify(event)}\n\n`))
          await new Promise<void>((resolve) => {
            this.#goOn = resolve
          })
      }
      this.#begin(200, 'text/event-stream')
      this.#finish()
    } finally {
      cancel()
    }
  }

  /** Agents may answer before they are done; whoever waits for a model's answer waits for the task. */
  async #whenDone(call: AgentCall, result: JsonRecord): Promise<JsonRecord> {
    let task = readRecord(result['task'])
    while (task !== null && isWorking(readRecord(task['status'])?.['state']) && !this.#isCancelled) {
      await sleep(pollEveryMs, null, { ref: false })
      const params = { id: readText(task['id']) ?? '' }
      task = (await this.#plane.relay.call({ ...call, operation: 'get', params })).result
    }
    return task === null ? result : { task }
  }

  #fail(failure: A2aError): void {
    const text = JSON.stringify(formatRestError(failure))
    if (this.#hasBegun) {
      this.#write(`data: ${text}\n\n`)
    } else {
      const retry = failure.options.retryAfterSeconds
      this.#begin(
        failure.restStatus,
        'application/json',
        retry === undefined ? {} : { 'retry-after': String(retry) },
      )
      this.#write(text)
    }
    this.#finish()
  }

  #begin(status: number, type: string, more: Readonly<Record<string, string>> = {}): void {
    if (this.#hasBegun || this.#isCancelled) return
    this.#hasBegun = true
    this.#sink.onHeaders(status, HeaderFields.from({ 'content-type': type, ...more }))
  }

  /** False asks for a pause. */
  #write(text: string | Buffer): boolean {
    return this.#isCancelled || this.#sink.onData(typeof text === 'string' ? Buffer.from(text) : text)
  }

  #finish(): void {
    if (!this.#isCancelled) this.#sink.onEnd()
  }
}
