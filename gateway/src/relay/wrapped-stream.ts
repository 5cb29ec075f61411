import type { GatewayError } from '@routeiq/contract'
import type { Usage } from '../conversation/usage.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { StreamRelay } from './relay.ts'

/** A stream that looks at, or changes, the text of another on its way to the client. */
export abstract class WrappedStream implements StreamRelay {
  readonly encoding: StreamRelay['encoding']
  readonly mediaType: string
  readonly #relay: StreamRelay

  constructor(relay: StreamRelay) {
    this.encoding = relay.encoding
    this.mediaType = relay.mediaType
    this.#relay = relay
  }

  /** Gets all text in order and returns what is sent in its place. */
  protected abstract pass(text: string | null): string | null

  get failure(): UpstreamFailure | null {
    return this.#relay.failure
  }

  get usage(): Usage | null {
    return this.#relay.usage
  }

  get terms(): StreamRelay['terms'] {
    return this.#relay.terms
  }

  get estimatedOutputTokens(): number {
    return this.#relay.estimatedOutputTokens
  }

  push(chunk: Buffer): string | null {
    return this.pass(this.#relay.push(chunk))
  }

  end(): string | null {
    return this.pass(this.#relay.end())
  }

  conclude(): Promise<string> | null {
    const last = this.#relay.conclude?.() ?? null
    return last === null ? null : last.then((text) => this.pass(text) ?? '')
  }

  formatFailure(error: GatewayError): string | null {
    return this.#relay.formatFailure?.(error) ?? null
  }
}
