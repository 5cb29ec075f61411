import { GatewayError } from '@routeiq/contract'
import type { BodySource, BodyTarget } from '../transport/transport.ts'
import { ClientGone } from './read-body.ts'
import type { BodySink, ServerRequest } from './server/server-request.ts'

/** The part of an upload that is still with the client. It goes from socket to socket; a read or two wait here. */
export class UploadRest implements BodySource, BodySink {
  readonly length: number | null
  /** Something of it has been passed on, so that it cannot be sent again. */
  consumed = false
  /** Why the client's part failed, when it was the client's. */
  problem: GatewayError | ClientGone | null = null
  readonly #request: ServerRequest
  readonly #limit: number
  #held: Buffer[] = []
  #size = 0
  #ended = false
  #target: BodyTarget | null = null

  /** `limit` is the most bytes that may still come; `length` is what the client announced, null if nothing. */
  constructor(request: ServerRequest, length: number | null, limit: number) {
    this.#request = request
    this.length = length
    this.#limit = limit
  }

  pipeTo(target: BodyTarget): void {
    this.#target = target
    const held = this.#held
    this.#held = []
    let flowing = true
    for (const chunk of held) flowing = this.#pass(chunk)
    if (this.problem !== null) this.#fail(this.problem)
    else if (this.#ended) this.onEnd()
    else if (flowing) this.#request.resume()
  }

  resume(): void {
    if (this.#target !== null) this.#request.resume()
  }

  stop(): void {
    this.#target = null
  }

  onData(chunk: Buffer): boolean {
    if (this.#target !== null) return this.#pass(chunk)
    if (!this.consumed) this.#held.push(chunk)
    return false
  }

  onEnd(): void {
    this.#ended = true
    const target = this.#target
    this.#target = null
    target?.end()
  }

  onAborted(): void {
    this.#fail(new ClientGone())
  }

  #pass(chunk: Buffer): boolean {
    this.consumed = true
    this.#size += chunk.length
    if (this.#size <= this.#limit) return this.#target?.write(chunk) ?? false
    this.#fail(uploadTooLarge(this.#limit))
    return false
  }

  #fail(problem: GatewayError | ClientGone): void {
    this.problem = problem
    const target = this.#target
    this.#target = null
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
