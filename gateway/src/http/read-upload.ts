import type { IncomingMessage } from 'node:http'
import { GatewayError } from '@routeiq/contract'
import { type Deadline, startDeadline } from './deadline.ts'
import { arrivalAllowanceMs, ClientGone } from './read-body.ts'
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
export function readUpload(
  request: IncomingMessage,
  limits: UploadLimits,
  knowsEnough: (bytes: Buffer) => boolean,
): Promise<UploadHead> {
  if (request.destroyed) return Promise.reject(new ClientGone())
  const announced = request.headers['content-length']
  const length = announced === undefined ? null : Number(announced)
  if (length !== null && length > limits.totalBytes) return Promise.reject(uploadTooLarge(limits.totalBytes))
  return new Promise((resolve, reject) => {
    new UploadReader(request, length, limits, knowsEnough, resolve, reject)
  })
}

class UploadReader {
  readonly #request: IncomingMessage
  readonly #length: number | null
  readonly #limits: UploadLimits
  readonly #knowsEnough: (bytes: Buffer) => boolean
  readonly #resolve: (head: UploadHead) => void
  readonly #reject: (error: Error) => void
  readonly #deadline: Deadline
  #buffer: Buffer
  #size = 0

  constructor(
    request: IncomingMessage,
    length: number | null,
    limits: UploadLimits,
    knowsEnough: (bytes: Buffer) => boolean,
    resolve: (head: UploadHead) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request
    this.#length = length
    this.#limits = limits
    this.#knowsEnough = knowsEnough
    this.#resolve = resolve
    this.#reject = reject
    const expected = Math.min(length ?? limits.headBytes, limits.headBytes)
    this.#buffer = Buffer.allocUnsafe(Math.min(expected, 65_536))
    this.#deadline = startDeadline(arrivalAllowanceMs(expected), this.#onTimeout)
    request.on('data', this.#onData)
    request.on('end', this.#onEnd)
    request.on('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#append(chunk)
    if (this.#size <= this.#limits.wholeBytes) return
    try {
      if (this.#knowsEnough(this.#bytes)) this.#hand()
      else if (this.#size > this.#limits.headBytes) this.#fail(modelTooLate(this.#limits.headBytes))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
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

  get #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  /** The rest waits with the client until it is wanted. */
  #hand(): void {
    this.#finish()
    this.#request.pause()
    const remaining = this.#length === null ? null : this.#length - this.#size
    const rest = new UploadRest(this.#request, remaining, this.#limits.totalBytes - this.#size)
    this.#resolve({ bytes: this.#bytes, rest })
  }

  readonly #onEnd = (): void => {
    this.#finish()
    this.#resolve({ bytes: this.#bytes, rest: null })
  }

  readonly #onClose = (): void => this.#fail(new ClientGone())

  readonly #onTimeout = (): void => {
    this.#fail(new GatewayError('timeout', 'The request body did not arrive in time.'))
  }

  #fail(error: Error): void {
    this.#finish()
    this.#request.pause()
    this.#reject(error)
  }

  #finish(): void {
    this.#deadline.clear()
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
  }
}

function modelTooLate(limit: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `No \`model\` field came in the first ${Math.ceil(limit / 1_048_576)} MiB of the form. Send it before the file.`,
    { param: 'model' },
  )
}
