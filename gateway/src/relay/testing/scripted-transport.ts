import { HeaderFields } from '../../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../../transport/transport.ts'

/** A transport whose answers the test gives, call by call. */
export class ScriptedTransport implements Transport {
  readonly calls: ScriptedCall[] = []

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const call = new ScriptedCall(request, sink)
    this.calls.push(call)
    return call
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  get last(): ScriptedCall {
    const call = this.calls.at(-1)
    if (call === undefined) throw new Error('nothing was sent')
    return call
  }
}

/** One call as the upstream's side sees it. Keeps to the transport's promise: nothing comes after `cancel`. */
export class ScriptedCall implements UpstreamCall {
  readonly request: UpstreamRequest
  readonly #sink: UpstreamSink
  cancels = 0
  resumes = 0

  constructor(request: UpstreamRequest, sink: UpstreamSink) {
    this.request = request
    this.#sink = sink
  }

  cancel(): void {
    this.cancels += 1
  }

  resume(): void {
    this.resumes += 1
  }

  headers(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (this.cancels === 0) this.#sink.onHeaders(status, HeaderFields.from(headers))
  }

  /** What the receiver said: false asks to pause. */
  data(text: string): boolean {
    return this.cancels > 0 || this.#sink.onData(Buffer.from(text))
  }

  end(): void {
    if (this.cancels === 0) this.#sink.onEnd()
  }

  fail(error: Error): void {
    if (this.cancels === 0) this.#sink.onFailure(error)
  }

  stream(...texts: readonly string[]): void {
    this.headers(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    for (const text of texts) this.data(text)
  }

  answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    this.headers(status, { 'content-type': 'application/json', ...headers })
    if (body !== '') this.data(body)
    this.end()
  }
}
