import type { RequestTrace } from '../telemetry/spans/request-trace.ts'
import { version } from '../version.ts'
import { chooseRequestId } from './request-id.ts'
import { headLine, headLines } from './server/head-line.ts'
import type { ServerRequest } from './server/server-request.ts'
import type { ServerResponse } from './server/server-response.ts'

const versionLine = headLine('x-routeiq-version', version)

/** One HTTP request and its answer, with what every plane needs: an id, a start time, and who hung up. */
export class Exchange {
  readonly request: ServerRequest
  readonly response: ServerResponse
  readonly requestId: string
  /** The id was made here and not by the caller. */
  readonly isOwnId: boolean
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Monotonic milliseconds, for durations. */
  readonly startedAt: number
  /** The documented template once the route is known; the metrics and log label. */
  template = 'unmatched'
  /** Made by the gateway itself, on behalf of a caller it has let in before. */
  readonly isInProcess: boolean = false
  /** A key the route reads from the query, null on every other route; counts after all credentials in headers. */
  queryKey: string | null = null
  /** Null for requests whose trace is not kept. */
  trace: RequestTrace | null = null
  /** Called once when the answer is complete or the client has left. */
  onClosed: (() => void) | null = null
  #onClientGone: (() => void) | null = null
  #clientGone = false

  constructor(request: ServerRequest, response: ServerResponse) {
    this.request = request
    this.response = response
    const sentId = request.headers['x-request-id']
    this.requestId = chooseRequestId(sentId)
    this.isOwnId = this.requestId !== sentId
    this.receivedAt = Date.now()
    this.startedAt = performance.now()
    response.onClose = this.#onClose
  }

  get target(): string {
    return this.request.target
  }

  /** True once the client closed the connection before the answer was complete. */
  get clientGone(): boolean {
    return this.#clientGone
  }

  /** Registers the one action to take when the client leaves early; null clears it. */
  whenClientGone(action: (() => void) | null): void {
    this.#onClientGone = action
    if (action !== null && this.#clientGone) action()
  }

  header(name: string): string | null {
    return this.request.headers[name] ?? null
  }

  /** Answers with JSON text and a length; `headers` is a flat name, value list, `lines` are ready-made head lines. */
  sendJson(status: number, body: unknown, headers: readonly string[] = [], lines = versionLine): void {
    const head = ['content-type', 'application/json', ...headers]
    this.sendBytes(status, head, Buffer.from(JSON.stringify(body)), lines)
  }

  sendText(status: number, contentType: string, text: string): void {
    this.sendBytes(status, ['content-type', contentType], Buffer.from(text))
  }

  /** A body may be text that holds one octet a character. */
  sendBytes(status: number, headers: readonly string[], body: Buffer | string, lines = versionLine): void {
    this.send(status, headLines(headers) + lines, body)
  }

  /**
   * Answers once; later answers, and those to a client that has gone, are dropped. `lines` are ready-made head lines.
   * A body may be text that holds one octet a character.
   */
  send(status: number, lines: string, body: Buffer | string): void {
    if (!this.#clientGone) this.response.send(status, `x-request-id: ${this.requestId}\r\n${lines}`, body)
  }

  readonly #onClose = (): void => {
    this.onClosed?.()
    if (this.response.complete) return
    this.#clientGone = true
    this.#onClientGone?.()
  }
}
