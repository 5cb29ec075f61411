import type { HeaderFields } from '../http1/header-fields.ts'
import { AccessTokens } from './access-tokens.ts'
import type { Authorization } from './authorization.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

/** Adds what authenticates a request just before it is sent. Requests without `authorization` go straight through. */
export class AuthorizingTransport implements Transport {
  readonly #network: Transport
  readonly #tokenNetwork: Transport
  readonly #tokens: AccessTokens
  readonly #now: () => number

  /** `tokenNetwork` is the way to token endpoints, where that is another. */
  constructor(network: Transport, now: () => number, tokenNetwork: Transport = network) {
    this.#network = network
    this.#tokenNetwork = tokenNetwork
    this.#tokens = new AccessTokens(tokenNetwork, now)
    this.#now = now
  }

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const { authorization } = request
    if (authorization === undefined || authorization === null) return this.#network.send(request, sink)
    const call = new AuthorizedCall(sink)
    void this.#authorize(request, authorization, call).then(
      (authorized) => call.start(this.#network, authorized),
      (error: unknown) => call.onFailure(error instanceof Error ? error : new Error(String(error))),
    )
    return call
  }

  async close(): Promise<void> {
    await Promise.all([this.#network.close(), this.#tokenNetwork.close()])
  }

  async #authorize(
    request: UpstreamRequest,
    authorization: Authorization,
    call: AuthorizedCall,
  ): Promise<UpstreamRequest> {
    if (authorization.kind === 'signature') {
      return withHeaders(request, await authorization.sign(request, this.#now()))
    }
    const token = await this.#tokens.get(authorization)
    call.onRefusal = () => this.#tokens.forget(authorization, token)
    return withHeaders(request, withBearer(request.headers, token))
  }
}

/** A call whose request is not ready yet; what is asked of it before then is kept. */
class AuthorizedCall implements UpstreamCall, UpstreamSink {
  /** Called when the provider answers 401. */
  onRefusal: () => void = () => {}
  readonly #sink: UpstreamSink
  #call: UpstreamCall | null = null
  #isCancelled = false

  constructor(sink: UpstreamSink) {
    this.#sink = sink
  }

  start(network: Transport, request: UpstreamRequest): void {
    if (this.#isCancelled) return
    try {
      this.#call = network.send(request, this)
    } catch (error) {
      this.onFailure(error instanceof Error ? error : new Error(String(error)))
    }
  }

  cancel(): void {
    this.#isCancelled = true
    this.#call?.cancel()
  }

  resume(): void {
    this.#call?.resume()
  }

  onHeaders(status: number, headers: HeaderFields): void {
    if (status === 401) this.onRefusal()
    this.#sink.onHeaders(status, headers)
  }

  onData(chunk: Buffer): boolean {
    return this.#sink.onData(chunk)
  }

  onEnd(): void {
    this.#sink.onEnd()
  }

  onFailure(error: Error): void {
    if (!this.#isCancelled) this.#sink.onFailure(error)
  }
}

function withHeaders(request: UpstreamRequest, headers: readonly string[]): UpstreamRequest {
  return { ...request, headers, authorization: null }
}

function withBearer(headers: readonly string[], token: string): readonly string[] {
  const kept = headers.filter((_, at) => headers[at - (at % 2)] !== 'authorization')
  return [...kept, 'authorization', `Bearer ${token}`]
}
