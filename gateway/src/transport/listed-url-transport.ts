import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

/** Sends requests for listed URLs over connections of their own, which nothing else of the same origin may use. */
export class ListedUrlTransport implements Transport {
  readonly #plain: Transport
  readonly #listed: Transport
  readonly #isListed: (url: URL) => boolean

  constructor(plain: Transport, listed: Transport, isListed: (url: URL) => boolean) {
    this.#plain = plain
    this.#listed = listed
    this.#isListed = isListed
  }

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const isListed = this.#isListed(new URL(request.origin + request.path))
    return (isListed ? this.#listed : this.#plain).send(request, sink)
  }

  async close(): Promise<void> {
    await Promise.all([this.#plain.close(), this.#listed.close()])
  }
}
