import type { BodySource, UpstreamCall, UpstreamSink } from '../transport.ts'
import type { UpstreamError } from './upstream-error.ts'

/** Where a call is at the moment: waiting in a queue or running on a connection. */
export interface CallPlace {
  abandon(call: Http1Call): void
  resume(): void
}

/** The octets of one request. A small body is joined to the head, and `body` is empty. */
export interface EncodedRequest {
  readonly head: Buffer
  /** In pieces that follow each other. */
  readonly body: readonly Buffer[]
  /** What is sent behind `body` as it arrives. */
  readonly rest: BodySource | null
}

const nothingToSend: EncodedRequest = { head: Buffer.alloc(0), body: [], rest: null }

/** One request and its sink, from `send` to `onEnd`, `onFailure` or `cancel`. */
export class Http1Call implements UpstreamCall {
  request: EncodedRequest
  readonly sink: UpstreamSink
  place: CallPlace | null = null
  finished = false
  headersDelivered = false
  /** The one re-send after a keep-alive race has been used. */
  resent: boolean
  /** Milliseconds of the injected clock when the request was written. */
  sentAt = 0
  /** Neighbours in the waiting queue. */
  next: Http1Call | null = null
  previous: Http1Call | null = null

  constructor(request: EncodedRequest, sink: UpstreamSink) {
    this.request = request
    // What has been taken from a source is gone.
    this.resent = request.rest !== null
    this.sink = sink
  }

  /** The provider has begun to answer: it is not sent again, and a long stream need not keep its octets. */
  forgetRequest(): void {
    this.request = nothingToSend
  }

  cancel(): void {
    if (this.finished) return
    this.finished = true
    this.place?.abandon(this)
    this.place = null
  }

  resume(): void {
    this.place?.resume()
  }

  end(): void {
    this.finished = true
    this.sink.onEnd()
  }

  fail(error: UpstreamError): void {
    if (this.finished) return
    this.finished = true
    error.beforeHeaders = !this.headersDelivered
    this.sink.onFailure(error)
  }
}
