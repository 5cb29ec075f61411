import type { IncomingMessage } from 'node:http'
import { GatewayError } from '@routeiq/contract'
import type { BodySource, BodyTarget } from '../transport/transport.ts'
import { ClientGone } from './read-body.ts'

/** The part of an upload that is still with the client. It goes from socket to socket and is never kept. */
export class UploadRest implements BodySource {
  readonly length: number | null
  /** Something of it has been read, so that it cannot be sent again. */
  consumed = false
  /** Why the client's part failed, when it was the client's. */
  problem: GatewayError | ClientGone | null = null
  readonly #request: IncomingMessage
  readonly #limit: number
  #size = 0
  #target: BodyTarget | null = null

  /** `limit` is the most bytes that may still come; `length` is what the client announced, null if nothing. */
  constructor(request: IncomingMessage, length: number | null, limit: number) {
    this.#request = request
    this.length = length
    this.#limit = limit
  }

  pipeTo(target: BodyTarget): void {
    this.#target = target
    if (this.#request.destroyed) {
      this.#fail(new ClientGone())
      return
    }
    this.#request.on('data', this.#onData)
    this.#request.on('end', this.#onEnd)
    this.#request.on('close', this.#onClose)
    this.#request.resume()
  }

  resume(): void {
    if (this.#target !== null) this.#request.resume()
  }

  stop(): void {
    if (this.#target === null) return
    this.#target = null
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
    this.#request.pause()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.consumed = true
    this.#size += chunk.length
    if (this.#size > this.#limit) this.#fail(uploadTooLarge(this.#limit))
    else if (this.#target?.write(chunk) === false) this.#request.pause()
  }

  readonly #onEnd = (): void => {
    const target = this.#target
    this.stop()
    target?.end()
  }

  readonly #onClose = (): void => this.#fail(new ClientGone())

  #fail(problem: GatewayError | ClientGone): void {
    this.problem = problem
    const target = this.#target
    this.stop()
    target?.fail(problem)
  }
}

/** `limit` in bytes. */
export function uploadTooLarge(limit: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `The upload is larger than ${Math.ceil(limit / 1_048_576)} MiB, the most that is passed on.`,
  )
}
