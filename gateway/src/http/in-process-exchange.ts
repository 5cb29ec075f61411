import { Exchange } from './exchange.ts'
import { headLines } from './server/head-line.ts'
import { parseRequestHead } from './server/parse-request-head.ts'
import { type RequestSource, ServerRequest } from './server/server-request.ts'
import { type ResponseOwner, ServerResponse } from './server/server-response.ts'

/** A whole answer, as it would have gone to the client. */
export interface CapturedAnswer {
  readonly status: number
  /** Ready-made head lines. */
  readonly lines: string
  readonly body: Buffer
}

/** An exchange without a connection: a request of the gateway's own, whose one whole answer is kept. */
export class InProcessExchange extends Exchange {
  /** Settles with the answer; a stream would never settle it. */
  readonly answer: Promise<CapturedAnswer>
  override readonly isInProcess = true
  #settle: (answer: CapturedAnswer) => void = () => {}

  /** `target` is the path a client would have called with `body` as JSON and `headers`, a flat name, value list. */
  constructor(
    target: string,
    body: Buffer,
    headers: readonly string[] = [],
    method: 'GET' | 'POST' | 'DELETE' = 'POST',
  ) {
    super(requestOf(`${method} ${target}`, body, headers), new ServerResponse(nobody, false, false))
    this.template = target
    this.answer = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  override send(status: number, lines: string, body: Buffer | string): void {
    this.#settle({ status, lines, body: typeof body === 'string' ? Buffer.from(body, 'latin1') : body })
  }
}

function requestOf(line: string, body: Buffer, headers: readonly string[]): ServerRequest {
  const own = ['host', 'gateway', 'content-type', 'application/json', 'content-length', String(body.length)]
  const head = parseRequestHead(`${line} HTTP/1.1\r\n${headLines([...own, ...headers])}\r\n`)
  const request = new ServerRequest(head, noSource)
  request.deliver(body)
  request.finish()
  return request
}

const noSource: RequestSource = {
  remoteAddress: undefined,
  onBodyWanted() {},
  pauseBody() {},
  resumeBody() {},
}

const nobody: ResponseOwner = {
  get socket(): never {
    throw new Error('An in-process exchange has no connection to write to')
  },
  mayKeepAlive: () => false,
  onAnswered() {},
}
