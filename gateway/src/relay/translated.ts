import type { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../conversation/json-value.ts'
import type { Usage } from '../conversation/usage.ts'
import type { StreamFormatter } from '../protocols/protocol.ts'
import type { StreamParser } from '../protocols/stream-parser.ts'
import { unreadableAnswer } from '../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { StreamDecoder, StreamFraming } from '../providers/wire.ts'
import { createStreamParser, mediaTypes } from './framing.ts'
import type { StreamRelay } from './relay.ts'

const charactersPerToken = 4

/** Keeps an answer for later turns; never rejects. */
export type KeepAnswer = (answer: JsonRecord) => Promise<void>

/** A stream of one dialect for a client of another: parsed, typed, and written anew event by event. */
export class TranslatedStream implements StreamRelay {
  readonly encoding = 'utf8'
  readonly mediaType: string
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  readonly #parser: StreamParser
  readonly #decoder: StreamDecoder
  readonly #formatter: StreamFormatter
  readonly #keep: KeepAnswer | null
  #characters = 0
  #text = ''

  /** `keep` takes the whole answer before its last event goes out. */
  constructor(
    framing: StreamFraming,
    decoder: StreamDecoder,
    formatter: StreamFormatter,
    keep: KeepAnswer | null = null,
  ) {
    this.mediaType = mediaTypes[framing]
    this.#parser = createStreamParser(framing)
    this.#keep = keep
    this.#decoder = decoder
    this.#formatter = formatter
  }

  get estimatedOutputTokens(): number {
    return Math.ceil(this.#characters / charactersPerToken)
  }

  conclude(): Promise<string> | null {
    return this.#keep === null ? null : this.#keepAnswer(this.#keep)
  }

  async #keepAnswer(keep: KeepAnswer): Promise<string> {
    const answer = this.#formatter.kept?.()
    if (answer !== undefined) await keep(answer)
    return this.#formatter.end()
  }

  formatFailure(error: GatewayError): string | null {
    return this.#formatter.formatFailure?.(error) ?? null
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null) return null
    try {
      for (const event of this.#parser.push(chunk)) this.#formatAll(this.#decoder.push(event))
    } catch (error) {
      this.#fail(error)
    }
    return this.#take()
  }

  end(): string | null {
    if (this.failure !== null) return null
    try {
      for (const event of this.#parser.end()) this.#formatAll(this.#decoder.push(event))
      this.#formatAll(this.#decoder.end())
      if (this.failure === null && this.#keep === null) this.#text += this.#formatter.end()
    } catch (error) {
      this.#fail(error)
    }
    return this.#take()
  }

  /** Decoders throw on what is not of their protocol; that is a failure of the provider. */
  #fail(error: unknown): void {
    this.failure ??= unreadableAnswer(error instanceof Error ? error.message : 'an unreadable stream')
  }

  /** What was formatted since the last time; what stands before a failure is the client's all the same. */
  #take(): string | null {
    const text = this.#text
    this.#text = ''
    return text === '' ? null : text
  }

  #formatAll(events: ReturnType<StreamDecoder['push']>): void {
    for (const event of events) {
      if (this.failure !== null) break
      if (event.type === 'error') {
        this.failure = event.failure
        break
      }
      if (event.type === 'usage-available') this.usage = event.usage
      else if (event.type === 'text-delta' || event.type === 'reasoning-delta')
        this.#characters += event.text.length
      else if (event.type === 'tool-call-delta') this.#characters += event.arguments.length
      this.#text += this.#formatter.format(event)
    }
  }
}
