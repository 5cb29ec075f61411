import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import { EventCutter } from '../event-cutter.ts'
import { countEvents, dataOf, holdsValue, splitEvents } from '../event-text.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { ArrayFraming } from './piece-framing.ts'

type GeneratePassthroughOptions = Pick<PassthroughOptions, 'maxEventBytes' | 'decodeUsage' | 'decodeError'>

/** What only the last pieces of an answer have. */
const finishNeedle = '"finishReason":'
const blockNeedle = '"blockReason":'
const usageNeedle = '"usageMetadata"'

/**
 * A stream of generateContent for a client of the same dialect: the provider's events go through byte for byte. Usage
 * is cumulative, so only the last piece that has it is parsed, when the stream has ended; the first piece is, to see
 * that it is an answer, and those that hold an error. For a client that asked for a JSON array the pieces are the same
 * and what stands between them is not.
 */
export class GeneratePassthroughStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'event-stream'
  failure: UpstreamFailure | null = null
  estimatedOutputTokens = 0
  readonly #options: GeneratePassthroughOptions
  readonly #cutter: EventCutter
  /** Null leaves the events as they came. */
  readonly #array: ArrayFraming | null
  #begun = false
  #finishSeen = false
  #lastWithUsage = ''

  constructor(options: GeneratePassthroughOptions, framing: 'sse' | 'array') {
    this.#options = options
    this.#cutter = new EventCutter(options.maxEventBytes)
    this.#array = framing === 'array' ? new ArrayFraming() : null
  }

  get usage(): Usage | null {
    if (this.#lastWithUsage === '') return null
    const piece = readRecord(parseJson(dataOf(this.#lastWithUsage) ?? ''))
    return this.#options.decodeUsage(piece?.['usageMetadata'])
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null) return null
    const complete = this.#cutter.push(chunk)
    this.failure = this.#cutter.overflow
    if (this.failure !== null) return null
    return complete === '' ? null : this.#relay(complete)
  }

  end(): string | null {
    if (this.failure !== null) return null
    const cut = this.#cutter.rest
    // An event without its blank line counts when it is whole; half of one is not the client's.
    const isWhole = readRecord(parseJson(dataOf(cut) ?? '')) !== null
    const rest = isWhole ? this.#relay(`${cut.trimEnd()}\r\n\r\n`) : null
    if (this.failure !== null) return rest
    if (this.#finishSeen) return this.#array === null ? rest : (rest ?? '') + this.#array.end()
    this.failure = unreadableAnswer(this.#begun || cut !== '' ? 'a stream that broke off' : 'an empty stream')
    return rest
  }

  #relay(events: string): string | null {
    if (!this.#finishSeen) this.#finishSeen = holdsValue(events, finishNeedle) || events.includes(blockNeedle)
    if (!this.#begun || events.includes('"error"') || this.#array !== null) return this.#inspect(events)
    this.#noteUsage(events)
    this.estimatedOutputTokens += countEvents(events)
    return events
  }

  #noteUsage(events: string): void {
    if (!events.includes(usageNeedle)) return
    for (const event of splitEvents(events)) if (event.includes(usageNeedle)) this.#lastWithUsage = event
  }

  /** The slow way, event by event. */
  #inspect(events: string): string | null {
    let kept = ''
    for (const event of splitEvents(events)) {
      kept += this.#inspectEvent(event)
      if (this.failure !== null) break
    }
    return kept === '' ? null : kept
  }

  #inspectEvent(event: string): string {
    const data = dataOf(event)?.trim() ?? ''
    if (data === '') return this.#begun && this.#array === null ? event : ''
    const piece = readRecord(parseJson(data))
    if (piece === null && !this.#begun) this.failure = unreadableAnswer('an event that is not JSON')
    else if (piece?.['error'])
      this.failure = this.#options.decodeError(Buffer.from(data, 'latin1').toString('utf8'))
    if (this.failure !== null) return ''
    this.#begun = true
    this.estimatedOutputTokens += 1
    if (piece?.['usageMetadata'] !== undefined) this.#lastWithUsage = event
    return this.#array === null ? event : this.#array.frame(data)
  }
}
