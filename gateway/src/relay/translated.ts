import type { ReplyEvent } from '../conversation/stream-event.ts'
import type { Usage } from '../conversation/usage.ts'
import { SseParser } from '../protocols/sse.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { StreamDecoder } from '../providers/wire.ts'
import { type StreamRelay, unreadableAnswer } from './relay.ts'

const charactersPerToken = 4

/** Writes events in the client's dialect. */
export interface StreamFormatter {
  format(event: ReplyEvent): string
  end(): string
}

/** A stream of one dialect for a client of another: parsed, typed, and written anew event by event. */
export class TranslatedStream implements StreamRelay {
  readonly encoding = 'utf8'
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  readonly #parser = new SseParser()
  readonly #decoder: StreamDecoder
  readonly #formatter: StreamFormatter
  #characters = 0

  constructor(decoder: StreamDecoder, formatter: StreamFormatter) {
    this.#decoder = decoder
    this.#formatter = formatter
  }

  get estimatedOutputTokens(): number {
    return Math.ceil(this.#characters / charactersPerToken)
  }

  push(chunk: Buffer): string | null {
    return this.#attempt(() => {
      let text = ''
      for (const event of this.#parser.push(chunk)) text += this.#formatAll(this.#decoder.push(event))
      return text
    })
  }

  end(): string | null {
    return this.#attempt(() => {
      let text = ''
      for (const event of this.#parser.end()) text += this.#formatAll(this.#decoder.push(event))
      text += this.#formatAll(this.#decoder.end())
      return this.failure === null ? text + this.#formatter.end() : text
    })
  }

  /** Decoders throw on what is not of their protocol; that is a failure of the provider. */
  #attempt(read: () => string): string | null {
    if (this.failure !== null) return null
    try {
      const text = read()
      return text === '' ? null : text
    } catch (error) {
      this.failure = unreadableAnswer(error instanceof Error ? error.message : 'an unreadable stream')
      return null
    }
  }

  #formatAll(events: ReturnType<StreamDecoder['push']>): string {
    let text = ''
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
      text += this.#formatter.format(event)
    }
    return text
  }
}
