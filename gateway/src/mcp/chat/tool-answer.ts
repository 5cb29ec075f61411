import { type Deadline, startDeadline } from '../../http/deadline.ts'
import { headLine, headLines } from '../../http/server/head-line.ts'
import type { ModelRequest } from '../../pipeline/model-request.ts'

const streamLines = headLines(['cache-control', 'no-cache', 'x-accel-buffering', 'no'])
const pingComment = ': ping\n\n'

/**
 * What the client gets of a request that takes several turns: one whole answer, or a stream. The head of a stream goes out with its
 * first event, or with the first sign of life while a model or a tool takes its time.
 */
export class ToolAnswer {
  readonly #request: ModelRequest
  readonly #describe: () => string
  #keepalive: Deadline | null = null
  #hasEvents = false
  #isSilent = true

  /** `describe` writes head lines as they are when the head goes out. */
  constructor(request: ModelRequest, describe: () => string) {
    this.#request = request
    this.#describe = describe
    if (request.stream) this.#watchSilence()
  }

  /** A status has gone out: what goes wrong from now on is told in the stream. */
  get isOpen(): boolean {
    return this.#request.exchange.response.headersSent
  }

  sendJson(status: number, body: unknown): void {
    this.#request.exchange.sendJson(status, body, [], this.#describe())
  }

  /** Events, each with its end. */
  write(events: string): void {
    this.#open()
    this.#hasEvents = true
    this.#isSilent = false
    this.#request.exchange.response.write(events, 'utf8')
  }

  end(): void {
    this.close()
    this.#request.exchange.response.end()
  }

  /** Nothing more is sent by itself. */
  close(): void {
    this.#keepalive?.clear()
    this.#keepalive = null
  }

  #open(): void {
    if (this.isOpen) return
    const { exchange, protocol } = this.#request
    const type = headLine('content-type', protocol.streamType)
    const id = `x-request-id: ${exchange.requestId}\r\n`
    exchange.response.begin(200, id + type + streamLines + this.#describe())
  }

  #watchSilence(): void {
    const { sseKeepaliveMs } = this.#request.runtime.config.requests
    if (sseKeepaliveMs > 0) this.#keepalive = startDeadline(sseKeepaliveMs, this.#onTick)
  }

  readonly #onTick = (): void => {
    if (this.#isSilent) {
      this.#open()
      const { exchange, protocol } = this.#request
      exchange.response.write(this.#hasEvents ? protocol.keepalive : pingComment, 'latin1')
    }
    this.#isSilent = true
    this.#watchSilence()
  }
}
