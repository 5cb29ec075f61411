import type { HeaderFields } from '../http1/header-fields.ts'
import { AccessTokens } from './access-tokens.ts'
import type { Authorization } from './authorization.ts'
import type { ReadTextFile } from './take-steps.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

/** Adds what authenticates a request just before it is sent. Requests without `authorization` go straight through. */
export class AuthorizingTransport implements Transport {
  readonly #network: Transport
  readonly #tokenNetwork: Transport
  readonly #tokens: AccessTokens
  readonly #now: () => number

  /** `tokenNetwork` is the way to token endpoints, where that is another. */
  constructor(
    network: Transport,
    now: () => number,
    readTextFile: ReadTextFile,
    tokenNetwork: Transport = network,
  ) {
    this.#network = network
    this.#tokenNetwork = tokenNetwork
    this.#tokens = new AccessTokens(tokenNetwork, now, readTextFile)
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
    const grant = authorization.kind === 'token' ? authorization : authorization.grant
    const token = grant === null ? '' : await this.#tokens.get(grant)
    if (grant !== null)
      call.onRefusal = (status) => {
        // AWS answers 403 to what is signed with credentials that have expired.
        if (status === 401 || (status === 403 && authorization.kind === 'signature'))
          this.#tokens.forget(grant, token)
      }
    const headers =
      authorization.kind === 'token'
        ? withBearer(request.headers, token)
        : await authorization.sign(request, this.#now(), token)
    return withHeaders(request, headers)
  }
}

/** A call whose request is not ready yet; what is asked of it before then is kept. */
class AuthorizedCall implements UpstreamCall, UpstreamSink {
  /** Called when the provider answers with an error. */
  onRefusal: (status: number) => void = () => {}
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
    if (status >= 400) this.onRefusal(status)
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
