import { GatewayError } from '@routeiq/contract'
import { type Deadline, startDeadline } from './deadline.ts'
import type { BodySink, ServerRequest } from './server/server-request.ts'

const baseAllowanceMs = 60_000
const bytesPerExtraSecond = 65_536

/**
 * Reads a whole request body into one buffer, at once when it has arrived already. Errors: `request_too_large` past
 * `limit` bytes (before reading anything when Content-Length already says so), `timeout` when the body drips slower
 * than 60 s plus 1 s per 64 KiB, and `ClientGone` when the client leaves.
 */
export function readBody(request: ServerRequest, limit: number): Buffer | Promise<Buffer> {
  const declared = Math.max(0, request.head.bodyLength)
  if (declared > limit) throw tooLarge(limit)
  const whole = request.takeWholeBody()
  if (whole !== null) {
    if (whole.length > limit) throw tooLarge(limit)
    return whole
  }
  return new Promise((resolve, reject) => {
    new BodyReader(request, limit, declared, resolve, reject)
  })
}

/** The client closed the connection before its request was complete; nobody is left to answer. */
export class ClientGone extends Error {
  constructor() {
    super('client closed the connection')
    this.name = 'ClientGone'
  }
}

function tooLarge(limit: number): GatewayError {
  const megabytes = Math.round((limit / 1_048_576) * 10) / 10
  return new GatewayError(
    'request_too_large',
    `The request body is larger than ${megabytes} MiB. Send less, or raise general_settings.max_request_size_mb.`,
  )
}

class BodyReader implements BodySink {
  readonly #limit: number
  readonly #resolve: (body: Buffer) => void
  readonly #reject: (error: Error) => void
  readonly #deadline: Deadline
  #first: Buffer | null = null
  #more: Buffer[] | null = null
  #size = 0
  #done = false

  constructor(
    request: ServerRequest,
    limit: number,
    declared: number,
    resolve: (body: Buffer) => void,
    reject: (error: Error) => void,
  ) {
    this.#limit = limit
    this.#resolve = resolve
    this.#reject = reject
    const expected = declared > 0 ? declared : limit
    this.#deadline = startDeadline(baseAllowanceMs + (expected / bytesPerExtraSecond) * 1000, this.#onTimeout)
    request.receive(this)
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return false
    this.#size += chunk.length
    if (this.#size > this.#limit) {
      this.#fail(tooLarge(this.#limit))
      return false
    }
    if (this.#first === null) this.#first = chunk
    else {
      this.#more ??= [this.#first]
      this.#more.push(chunk)
    }
    return true
  }

  onEnd(): void {
    if (this.#done) return
    this.#finish()
    if (this.#more !== null) this.#resolve(Buffer.concat(this.#more, this.#size))
    else this.#resolve(this.#first ?? Buffer.alloc(0))
  }

  onAborted(): void {
    if (!this.#done) this.#fail(new ClientGone())
  }

  readonly #onTimeout = (): void => {
    this.#fail(new GatewayError('timeout', 'The request body did not arrive in time.'))
  }

  #fail(error: Error): void {
    this.#finish()
    this.#reject(error)
  }

  #finish(): void {
    this.#done = true
    this.#deadline.clear()
  }
}
