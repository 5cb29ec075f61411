import type { GatewayError } from '@routeiq/contract'
import {
  type JsonRecord,
  parseJson,
  readRecord,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import { EventCutter } from '../event-cutter.ts'
import { countEvents, dataOf, splitEvents } from '../event-text.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { type EditOptions, editResponseEvent } from './edit-response.ts'
import { formatFailure } from './format-error.ts'

/** What no delta can hold: quotes inside a JSON string are escaped. */
const telling = ['"response":', '"error"', '[DONE]'] as const
const endings = new Set(['response.completed', 'response.incomplete', 'response.cancelled'])

/**
 * Responses streams for Responses clients: the provider's events go through byte for byte, held as latin1 text. Only
 * those that carry the response object or an error are parsed: ids and the model's name are put back to those the
 * client knows, usage is read on the side. What comes out does not depend on how the stream was cut.
 */
export class ResponsesPassthroughStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'event-stream'
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  estimatedOutputTokens = 0
  readonly #options: PassthroughOptions
  readonly #names: EditOptions
  readonly #cutter: EventCutter
  #isBegun = false
  #isDone = false
  /** The provider has told the client itself that it failed. */
  #hasToldFailure = false
  #response: JsonRecord | null = null
  #lastEvents = ''

  constructor(options: PassthroughOptions) {
    this.#options = options
    this.#cutter = new EventCutter(options.maxEventBytes)
    const { requestedModel, publicId, body } = options
    this.#names = { requestedModel, publicId, previousId: readText(body['previous_response_id']) }
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
    const rest = readEvent(cut) === null ? null : this.#relay(`${cut.trimEnd()}\n\n`)
    if (this.failure === null && !this.#isDone)
      this.failure = unreadableAnswer(this.#isBegun ? 'a stream that broke off' : 'an empty stream')
    return rest
  }

  /** Empty when the provider has said it. */
  formatFailure(error: GatewayError): string | null {
    if (this.#hasToldFailure) return ''
    if (this.#response === null) return null
    const response = { ...this.#response, status: 'failed', error: formatFailure(error) }
    const event = { type: 'response.failed', sequence_number: this.#nextSequence(), response }
    return `event: response.failed\ndata: ${JSON.stringify(event)}\n\n`
  }

  #relay(events: string): string | null {
    this.estimatedOutputTokens += countEvents(events)
    this.#lastEvents = events
    if (this.#isBegun && !telling.some((needle) => events.includes(needle))) return events
    let kept = ''
    for (const event of splitEvents(events)) {
      kept += this.#inspect(event)
      if (this.failure !== null) break
    }
    return kept === '' ? null : kept
  }

  #inspect(event: string): string {
    const data = dataOf(event)
    if (data === null) return this.#isBegun ? event : ''
    // Some vendors end every stream the way chat completions end.
    if (data.trim() === '[DONE]') return ''
    const parsed = readEvent(event)
    if (parsed === null) {
      if (!this.#isBegun) this.failure = unreadableAnswer('an event that is not JSON')
      return this.failure === null ? event : ''
    }
    const type = readString(parsed['type'])
    if (type === 'error' || type === 'response.failed' || parsed['error'])
      return this.#fail(event, data, type)
    this.#isBegun = true
    const response = readRecord(parsed['response'])
    if (response === null) return event
    if (type !== null && endings.has(type)) this.#isDone = true
    const usage = this.#options.decodeUsage(response['usage'])
    if (usage !== null) this.usage = withServiceTier(usage, response['service_tier'])
    return this.#edit(event, data, response)
  }

  /** After the first event the provider's own words reach the client; before it they are an HTTP error. */
  #fail(event: string, data: string, type: string | null): string {
    this.failure = this.#options.decodeError(Buffer.from(data, 'latin1').toString('utf8'))
    if (!this.#isBegun) return ''
    const response = readRecord(readEvent(event)?.['response'])
    this.#hasToldFailure = type === 'response.failed' || type === 'error'
    if (!this.#hasToldFailure) return ''
    return response === null ? event : this.#edit(event, data, response)
  }

  #edit(event: string, data: string, response: JsonRecord): string {
    const bytes = editResponseEvent(Buffer.from(data, 'latin1'), response, this.#names)
    const start = event.indexOf(data)
    if (bytes === null || start === -1) return event
    this.#response = readRecord(readRecord(parseJson(bytes.toString('utf8')))?.['response'])
    return event.slice(0, start) + bytes.toString('latin1') + event.slice(start + data.length)
  }

  /** The number after the last one the client has seen. */
  #nextSequence(): number {
    const key = '"sequence_number":'
    const last = this.#lastEvents.lastIndexOf(key)
    return last === -1 ? 0 : 1 + (Number.parseInt(this.#lastEvents.slice(last + key.length), 10) || 0)
  }
}

function readEvent(event: string): JsonRecord | null {
  const data = dataOf(event)
  return data === null ? null : readRecord(parseJson(Buffer.from(data, 'latin1').toString('utf8')))
}
