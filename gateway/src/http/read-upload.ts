import { GatewayError } from '@routeiq/contract'
import { type Deadline, startDeadline } from './deadline.ts'
import { arrivalAllowanceMs, ClientGone } from './read-body.ts'
import { CHUNKED_BODY } from './server/parse-request-head.ts'
import type { BodySink, ServerRequest } from './server/server-request.ts'
import { UploadRest, uploadTooLarge } from './upload-rest.ts'

/** The beginning of an upload, and the rest that has not been read; null when this is all. */
export interface UploadHead {
  readonly bytes: Buffer
  readonly rest: UploadRest | null
}

export interface UploadLimits {
  /** Uploads up to here are read whole, so that they can be sent again. */
  readonly wholeBytes: number
  /** The most that is kept in memory while `knowsEnough` says no. */
  readonly headBytes: number
  /** The most that is passed on. */
  readonly totalBytes: number
}

/**
 * Reads an upload as far as it is needed: whole when it is small, else until `knowsEnough` says that what has
 * arrived will do. Errors: `request_too_large`, `timeout`, whatever `knowsEnough` throws; rejects with `ClientGone`
 * when the client leaves.
 */
export async function readUpload(
  request: ServerRequest,
  limits: UploadLimits,
  knowsEnough: (bytes: Buffer) => boolean,
): Promise<UploadHead> {
  const { bodyLength } = request.head
  if (bodyLength > limits.totalBytes) throw uploadTooLarge(limits.totalBytes)
  const whole = request.takeWholeBody()
  if (whole !== null) return { bytes: whole, rest: null }
  return new Promise((resolve, reject) => {
    const reader = new UploadReader(request, limits, knowsEnough, resolve, reject)
    request.receive(reader)
  })
}

class UploadReader implements BodySink {
  readonly #request: ServerRequest
  readonly #limits: UploadLimits
  readonly #knowsEnough: (bytes: Buffer) => boolean
  readonly #resolve: (head: UploadHead) => void
  readonly #reject: (error: Error) => void
  readonly #deadline: Deadline
  #buffer: Buffer
  #size = 0
  #done = false
  #rest: UploadRest | null = null

  constructor(
    request: ServerRequest,
    limits: UploadLimits,
    knowsEnough: (bytes: Buffer) => boolean,
    resolve: (head: UploadHead) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request
    this.#limits = limits
    this.#knowsEnough = knowsEnough
    this.#resolve = resolve
    this.#reject = reject
    const { bodyLength } = request.head
    const expected = bodyLength === CHUNKED_BODY ? limits.headBytes : Math.min(bodyLength, limits.headBytes)
    this.#buffer = Buffer.allocUnsafe(Math.min(expected, 65_536))
    this.#deadline = startDeadline(arrivalAllowanceMs(expected), this.#onTimeout)
  }

  onData(chunk: Buffer): boolean {
    if (this.#rest !== null) return this.#rest.onData(chunk)
    if (this.#done) return false
    this.#append(chunk)
    if (this.#size <= this.#limits.wholeBytes) return true
    try {
      if (this.#knowsEnough(this.#bytes)) this.#hand()
      else if (this.#size > this.#limits.headBytes) this.#fail(modelTooLate(this.#limits.headBytes))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    return !this.#done
  }

  onEnd(): void {
    if (this.#rest !== null) this.#rest.onEnd()
    else if (!this.#done) {
      this.#finish()
      this.#resolve({ bytes: this.#bytes, rest: null })
    }
  }

  onAborted(): void {
    if (this.#rest !== null) this.#rest.onAborted()
    else if (!this.#done) this.#fail(new ClientGone())
  }

  get #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  /** Doubles what it has, so that a body in many chunks is copied about twice. */
  #append(chunk: Buffer): void {
    const size = this.#size + chunk.length
    if (size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#size)
      this.#buffer = larger
    }
    chunk.copy(this.#buffer, this.#size)
    this.#size = size
  }

  /** The rest waits with the client until it is wanted. */
  #hand(): void {
    this.#finish()
    const { bodyLength } = this.#request.head
    const remaining = bodyLength === CHUNKED_BODY ? null : bodyLength - this.#size
    this.#rest = new UploadRest(this.#request, remaining, this.#limits.totalBytes - this.#size)
    this.#resolve({ bytes: this.#bytes, rest: this.#rest })
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

function modelTooLate(limit: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `No \`model\` field came in the first ${Math.ceil(limit / 1_048_576)} MiB of the form. Send it before the file.`,
    { param: 'model' },
  )
}
