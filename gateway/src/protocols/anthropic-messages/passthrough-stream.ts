import { type JsonRecord, parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import type { Usage } from '../../conversation/usage.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import { EventCutter } from '../event-cutter.ts'
import { countEvents, dataOf, splitEvents } from '../event-text.ts'
import { findModelMember, toLatin1 } from '../model-text.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'

type PassthroughStreamOptions = Pick<
  PassthroughOptions,
  'requestedModel' | 'maxEventBytes' | 'decodeUsage' | 'decodeError' | 'restoreContainer'
>

const messageStop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
/** Characters of one delta event around its text. */
const eventFrame = 120
const charactersPerToken = 4

/**
 * Messages streams for Messages clients: the provider's events go through byte for byte, those of unknown type
 * included. The few that matter here (the message's start, deltas and end, errors) are found by needles that stand
 * in a JSON string only when they are all of it, and only events with such a needle are parsed. The model name is
 * replaced in the first; usage is cumulative over start and deltas. Nothing goes out before the message starts.
 */
export class MessagesPassthroughStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'event-stream'
  failure: UpstreamFailure | null = null
  readonly #options: PassthroughStreamOptions
  readonly #cutter: EventCutter
  readonly #usage: Record<string, unknown> = {}
  #isUsageFinal = false
  #deltas = 0
  #characters = 0
  #begun = false
  #finishSeen = false
  #stopSeen = false

  constructor(options: PassthroughStreamOptions) {
    this.#options = options
    this.#cutter = new EventCutter(options.maxEventBytes)
  }

  get estimatedOutputTokens(): number {
    const text = this.#characters - this.#deltas * eventFrame
    return Math.max(this.#deltas, Math.ceil(text / charactersPerToken))
  }

  /** Until the provider has counted the whole answer, what has been seen of it is the better count. */
  get usage(): Usage | null {
    const usage = this.#options.decodeUsage(this.#usage)
    if (usage === null || this.#isUsageFinal) return usage
    return { ...usage, outputTokens: Math.max(usage.outputTokens, this.estimatedOutputTokens) }
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null || this.#stopSeen) return null
    const complete = this.#cutter.push(chunk)
    this.failure = this.#cutter.overflow
    if (this.failure !== null) return null
    return complete === '' ? null : this.#relay(complete)
  }

  end(): string | null {
    if (this.failure !== null || this.#stopSeen) return null
    const cut = this.#cutter.rest
    // An event without its blank line counts when it is whole; half of one is not the client's.
    const isWhole = readRecord(parseJson(dataOf(cut) ?? '')) !== null
    const rest = isWhole ? this.#relay(`${cut.trimEnd()}\n\n`) : null
    if (this.failure !== null || this.#stopSeen) return rest
    if (this.#finishSeen) return (rest ?? '') + messageStop
    this.failure = unreadableAnswer(this.#begun || cut !== '' ? 'a stream that broke off' : 'an empty stream')
    return rest
  }

  #relay(events: string): string | null {
    const isPlain = this.#begun && !events.includes('"message_') && !events.includes('"error"')
    if (!isPlain) return this.#inspect(events)
    this.#deltas += countEvents(events)
    this.#characters += events.length
    return events
  }

  /** The slow way, event by event, for the few chunks that need it. */
  #inspect(events: string): string | null {
    let kept = ''
    for (const event of splitEvents(events)) {
      if (this.failure !== null || this.#stopSeen) break
      kept += this.#inspectEvent(event)
    }
    return kept === '' ? null : kept
  }

  #inspectEvent(event: string): string {
    const data = dataOf(event)?.trim() ?? ''
    const parsed = readRecord(parseJson(data))
    if (parsed === null && data !== '' && !this.#begun)
      this.failure = unreadableAnswer('an event that is not JSON')
    switch (parsed?.['type']) {
      case 'error':
        this.failure = this.#options.decodeError(Buffer.from(data, 'latin1').toString('utf8'))
        return ''
      case 'message_start':
        this.#begun = true
        return this.#start(this.#withContainer(event, parsed, 'message'), readRecord(parsed['message']) ?? {})
      case 'message_delta':
        this.#readDelta(parsed)
        return this.#shown(this.#withContainer(event, parsed, 'delta'))
      case 'message_stop':
        this.#stopSeen = true
        return this.#shown(event)
      default:
        // Pings and comments in front of the message decide nothing.
        if (!this.#begun) return ''
        this.#deltas += 1
        this.#characters += event.length
        return event
    }
  }

  #shown(event: string): string {
    return this.#begun ? event : ''
  }

  /** The event with the container the caller knows, written anew where there is one to change. */
  #withContainer(event: string, parsed: JsonRecord, holder: 'message' | 'delta'): string {
    const { restoreContainer } = this.#options
    const held = readRecord(parsed[holder])
    const container = restoreContainer == null ? null : readRecord(held?.['container'])
    if (restoreContainer == null || container === null) return event
    const text = JSON.stringify(container)
    const known = restoreContainer(JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as JsonRecord)
    const restored = { ...held, container: JSON.parse(toLatin1(JSON.stringify(known))) as JsonRecord }
    return `event: ${String(parsed['type'])}\ndata: ${JSON.stringify({ ...parsed, [holder]: restored })}\n\n`
  }

  #start(event: string, message: JsonRecord): string {
    this.#readUsage(readRecord(message['usage']))
    const model = readText(message['model'])
    const needle = model === null ? null : findModelMember(event, model)
    if (needle === null) return event
    const replacement = `"model":${JSON.stringify(toLatin1(this.#options.requestedModel))}`
    return event.replace(needle, () => replacement)
  }

  #readDelta(event: JsonRecord): void {
    const usage = readRecord(event['usage'])
    this.#readUsage(usage)
    if (usage !== null) this.#isUsageFinal = true
    if (readText(readRecord(event['delta'])?.['stop_reason']) !== null) this.#finishSeen = true
  }

  /** A later count replaces an earlier one, a null says nothing. */
  #readUsage(usage: JsonRecord | null): void {
    for (const name in usage) if (usage[name] !== null) this.#usage[name] = usage[name]
  }
}
