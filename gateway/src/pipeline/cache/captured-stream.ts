import type { GatewayError } from '@routeiq/contract'
import { maxAnswerBytes } from '../../answer-cache/answer-cache.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import type { CapturedText } from './caching.ts'

/** A stream whose text is remembered as it goes by, as long as it is not too long. */
export class CapturedStream implements StreamRelay, CapturedText {
  readonly encoding: StreamRelay['encoding']
  readonly mediaType: string
  readonly isStream = true
  readonly #relay: StreamRelay
  #parts: string[] | null = []
  #length = 0

  constructor(relay: StreamRelay) {
    this.encoding = relay.encoding
    this.mediaType = relay.mediaType
    this.#relay = relay
  }

  text(): string | null {
    const text = this.#parts?.join('') ?? null
    return text !== null && this.encoding === 'latin1' ? Buffer.from(text, 'latin1').toString('utf8') : text
  }

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
    return this.#remember(this.#relay.push(chunk))
  }

  end(): string | null {
    return this.#remember(this.#relay.end())
  }

  conclude(): Promise<string> | null {
    return this.#relay.conclude?.()?.then((text) => this.#remember(text) ?? '') ?? null
  }

  formatFailure(error: GatewayError): string | null {
    return this.#relay.formatFailure?.(error) ?? null
  }

  #remember(text: string | null): string | null {
    if (text === null || this.#parts === null) return text
    this.#length += text.length
    if (this.#length > maxAnswerBytes) this.#parts = null
    else this.#parts.push(text)
    return text
  }
}
