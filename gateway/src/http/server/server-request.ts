import type { RequestHead, RequestHeaders } from './parse-request-head.ts'

/** Receives a body, in order: any `onData`, then exactly one of `onEnd` and `onAborted`. */
export interface BodySink {
  /** False asks for no more until `ServerRequest.resume`. */
  onData(chunk: Buffer): boolean
  onEnd(): void
  /** The client left before the body was complete. */
  onAborted(): void
}

/** The connection, as a request sees it. */
export interface RequestSource {
  readonly remoteAddress: string | undefined
  /** The first wish for the body: the moment for `100 Continue`. */
  onBodyWanted(): void
  pauseBody(): void
  resumeBody(): void
}

/** One request as it arrived; the body is held until somebody asks for it. */
export class ServerRequest {
  readonly method: string
  readonly target: string
  readonly headers: RequestHeaders
  readonly head: RequestHead
  /** The whole body has arrived. */
  complete = false
  /** The connection is gone. */
  destroyed = false
  readonly #source: RequestSource
  #address: string | null = null
  #held: Buffer[] | null = null
  #sink: BodySink | null = null

  constructor(head: RequestHead, source: RequestSource) {
    this.method = head.method
    this.target = head.target
    this.headers = head.headers
    this.head = head
    this.#source = source
  }

  get remoteAddress(): string | undefined {
    return this.#address ?? this.#source.remoteAddress
  }

  /** The request was passed on by another process, which says where it came from. */
  cameFrom(address: string): void {
    this.#address = address
  }

  /** The whole body when it is here already and nobody has asked for it, which is usual for small ones. */
  takeWholeBody(): Buffer | null {
    if (!this.complete || this.#sink !== null) return null
    const held = this.#held
    this.#held = null
    if (held === null) return noBytes
    return held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held)
  }

  /** Takes the body; once per request. */
  receive(sink: BodySink): void {
    this.#sink = sink
    const held = this.#held
    this.#held = null
    let flowing = true
    if (held !== null) for (const chunk of held) flowing = sink.onData(chunk)
    if (this.complete) sink.onEnd()
    else if (this.destroyed) sink.onAborted()
    else {
      this.#source.onBodyWanted()
      if (flowing) this.#source.resumeBody()
      else this.#source.pauseBody()
    }
  }

  resume(): void {
    if (!this.complete && !this.destroyed) this.#source.resumeBody()
  }

  /** For the connection: a piece of the body. False asks it to read no further. */
  deliver(chunk: Buffer): boolean {
    if (this.#sink !== null) return this.#sink.onData(chunk)
    this.#held ??= []
    this.#held.push(chunk)
    // What came with the head, and one read more, waits here; the rest waits in the network.
    return this.#held.length === 1
  }

  /** For the connection. */
  finish(): void {
    this.complete = true
    this.#sink?.onEnd()
  }

  /** For the connection. */
  abort(): void {
    if (this.destroyed) return
    this.destroyed = true
    if (!this.complete) this.#sink?.onAborted()
  }
}

const noBytes = Buffer.alloc(0)
