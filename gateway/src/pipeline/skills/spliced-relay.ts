import type { GatewayError } from '@routeiq/contract'
import type { Usage } from '../../conversation/usage.ts'
import type { StreamFormatter } from '../../protocols/protocol.ts'
import type { StreamParser } from '../../protocols/stream-parser.ts'
import { unreadableAnswer } from '../../protocols/unreadable-answer.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamDecoder, StreamFraming } from '../../providers/wire.ts'
import { createStreamParser, mediaTypes } from '../../relay/framing.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import type { KeepAnswer } from '../../relay/translated.ts'
import type { SplicedAnswer } from './spliced-answer.ts'

const charactersPerToken = 4

export interface SplicedRelayOptions {
  readonly framing: StreamFraming
  readonly answer: SplicedAnswer
  readonly formatter: StreamFormatter
  readonly keep: KeepAnswer | null
  /** What is told in front of the last events; empty in dialects without comments. */
  readonly closingComment: () => string
}

/** Carries the streams of several upstream calls, one after the other, as one stream of the client's dialect. */
export class SplicedRelay implements StreamRelay {
  readonly encoding = 'utf8'
  readonly mediaType: string
  failure: UpstreamFailure | null = null
  /** The round that ended asks for another. */
  goesOn = false
  /** Something of the round under way has come out. */
  hasWritten = false
  readonly #options: SplicedRelayOptions
  #parser: StreamParser
  #decoder: StreamDecoder | null = null
  #characters = 0
  #text = ''

  constructor(options: SplicedRelayOptions) {
    this.#options = options
    this.mediaType = mediaTypes[options.framing]
    this.#parser = createStreamParser(options.framing)
  }

  /** Of the last round: what it costs. What the client is told includes the earlier ones. */
  get usage(): Usage | null {
    return this.#options.answer.round?.usage ?? null
  }

  get estimatedOutputTokens(): number {
    return Math.ceil(this.#characters / charactersPerToken)
  }

  /** The next stream begins. */
  beginRound(decoder: StreamDecoder): void {
    this.failure = null
    this.goesOn = false
    this.hasWritten = false
    this.#characters = 0
    this.#parser = createStreamParser(this.#options.framing)
    this.#decoder = decoder
  }

  conclude(): Promise<string> | null {
    const { keep, formatter } = this.#options
    if (keep === null) return null
    const kept = formatter.kept?.()
    return (kept === undefined ? Promise.resolve() : keep(kept)).then(() => formatter.end())
  }

  formatFailure(error: GatewayError): string | null {
    return this.#options.formatter.formatFailure?.(error) ?? null
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null) return null
    try {
      for (const event of this.#parser.push(chunk)) this.#take(this.#decoder?.push(event) ?? [])
    } catch (error) {
      this.#fail(error)
    }
    return this.#release()
  }

  /** Empty text when a round has nothing for the client: its call went well all the same. */
  end(): string | null {
    if (this.failure !== null) return null
    try {
      for (const event of this.#parser.end()) this.#take(this.#decoder?.push(event) ?? [])
      this.#take(this.#decoder?.end() ?? [])
      if (this.failure === null) this.#endRound()
    } catch (error) {
      this.#fail(error)
    }
    return this.failure === null ? (this.#release() ?? '') : this.#release()
  }

  #endRound(): void {
    const { answer, formatter, keep, closingComment } = this.#options
    const last = answer.endRound()
    this.goesOn = last === null
    if (last === null) return
    this.#text += closingComment()
    for (const event of last) this.#text += formatter.format(event)
    if (keep === null) this.#text += formatter.end()
  }

  #fail(error: unknown): void {
    this.failure ??= unreadableAnswer(error instanceof Error ? error.message : 'an unreadable stream')
  }

  #release(): string | null {
    const text = this.#text
    this.#text = ''
    if (text === '') return null
    this.hasWritten = true
    return text
  }

  #take(events: ReturnType<StreamDecoder['push']>): void {
    const { answer, formatter } = this.#options
    for (const event of events) {
      if (this.failure !== null) return
      if (event.type === 'error') {
        this.failure = event.failure
        return
      }
      if (event.type === 'text-delta' || event.type === 'reasoning-delta')
        this.#characters += event.text.length
      else if (event.type === 'tool-call-delta') this.#characters += event.arguments.length
      for (const visible of answer.push(event)) this.#text += formatter.format(visible)
    }
  }
}
