import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { CostTerms } from '../../pricing/compute-cost.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import { EventCutter } from '../event-cutter.ts'
import { dataOf, splitEvents } from '../event-text.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { billMedia } from './media-terms.ts'

/**
 * The events of an image, transcription or speech stream (`image_generation.partial_image`, `transcript.text.delta`,
 * `speech.audio.delta`), as they came. Usage stands in the last one. These streams end with their body; there is
 * no `[DONE]`, and a connection that breaks is told by the transport.
 */
export class MediaStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'event-stream'
  readonly estimatedOutputTokens = 0
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  terms: Partial<CostTerms> = {}
  readonly #options: PassthroughOptions
  readonly #cutter: EventCutter

  constructor(options: PassthroughOptions) {
    this.#options = options
    this.#cutter = new EventCutter(options.maxEventBytes)
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null) return null
    const complete = this.#cutter.push(chunk)
    this.failure = this.#cutter.overflow
    return complete === '' ? null : this.#inspect(complete)
  }

  end(): string | null {
    const rest = this.#cutter.rest
    if (this.failure !== null || rest.trim() === '') return null
    if (parseJson(dataOf(rest) ?? '') !== undefined) return this.#inspect(`${rest.trimEnd()}\n\n`)
    this.failure = unreadableAnswer('a stream that broke off')
    return null
  }

  #inspect(events: string): string | null {
    if (this.failure !== null) return null
    if (!events.includes('"error"') && !events.includes('"usage"')) return events
    let kept = ''
    for (const event of splitEvents(events)) {
      this.#read(event)
      if (this.failure !== null) break
      kept += event
    }
    return kept === '' ? null : kept
  }

  #read(event: string): void {
    const text = dataOf(event)
    const data = text === null ? null : readRecord(parseJson(text))
    if (text === null || data === null) return
    if (data['error'] !== undefined && data['error'] !== null) {
      this.failure = this.#options.decodeError(Buffer.from(text, 'latin1').toString('utf8'))
      return
    }
    const usage = readRecord(data['usage'])
    if (usage === null) return
    this.usage = this.#options.decodeUsage(usage)
    this.terms = billMedia(this.#options, usage, () => null) ?? {}
  }
}
