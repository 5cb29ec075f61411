import { withServiceTier } from '../../conversation/service-tier.ts'
import type { Usage } from '../../conversation/usage.ts'
import { editMembers } from '../../json/edit-members.ts'
import { scanObject } from '../../json/object-members.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import { EventCutter } from '../event-cutter.ts'
import { countEvents, dataOf, holdsDone, holdsValue, splitEvents } from '../event-text.ts'
import { detachLatin1, findModelMember, toLatin1 } from '../model-text.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'

export interface PassthroughStreamOptions {
  readonly requestedModel: string
  /** Give the client the final usage event; usage is always read here. */
  readonly includesUsage: boolean
  readonly maxEventBytes: number
  readonly decodeUsage: (usage: unknown) => Usage | null
  readonly decodeError: (body: string) => UpstreamFailure
}

type Event = Readonly<Record<string, unknown>>

const doneEvent = 'data: [DONE]\n\n'
/** Some providers name the model only after an event or two, some never. */
const eventsThatMayNameModel = 8
const usageMember: ReadonlySet<string> = new Set(['usage'])
const nothingToSet: ReadonlyMap<string, string> = new Map()

/**
 * Chat-completions streams for chat-completions clients: the provider's events go through byte for byte, held as
 * latin1 text because searching and joining text costs a fraction of doing so with buffers. What is looked for on
 * the side — usage, errors, the end — is found by needles that cannot occur inside a JSON string, and only the
 * first events and those that hold a needle are parsed. The model name is replaced in place, and usage that a
 * provider puts beside choices moves to an event of its own. What comes out does not depend on how the stream was
 * cut into chunks; comments before the first event are left out.
 */
export class PassthroughStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'event-stream'
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  /** Providers send about one token an event. */
  estimatedOutputTokens = 0
  readonly #options: PassthroughStreamOptions
  readonly #model: string
  readonly #modelReplacement: string
  #modelNeedle: string | null = null
  #eventsToLook = eventsThatMayNameModel
  readonly #cutter: EventCutter
  #begun = false
  #finishSeen = false
  #doneSeen = false
  /** The usage event the client is owed because the provider sends none of its own. */
  #owedUsage = ''

  constructor(options: PassthroughStreamOptions) {
    this.#options = options
    this.#cutter = new EventCutter(options.maxEventBytes)
    this.#model = toLatin1(options.requestedModel)
    this.#modelReplacement = `"model":${JSON.stringify(this.#model)}`
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
    // An event without its blank line counts when it is whole; half of one is not the client's.
    const cut = this.#cutter.rest
    const rest = isWhole(cut) ? this.#relay(`${cut.trimEnd()}\n\n`) : null
    if (this.failure !== null || this.#doneSeen) return rest
    if (this.#finishSeen) return (rest ?? '') + this.#takeOwedUsage() + doneEvent
    this.failure = unreadableAnswer(this.#begun || cut !== '' ? 'a stream that broke off' : 'an empty stream')
    return rest
  }

  #relay(events: string): string | null {
    if (!this.#finishSeen) this.#finishSeen = holdsValue(events, '"finish_reason":')
    const isDone = holdsDone(events)
    if (isDone) this.#doneSeen = true
    const isPlain =
      this.#eventsToLook === 0 &&
      !(isDone && this.#owedUsage !== '') &&
      !events.includes('"error":') &&
      !holdsValue(events, '"usage":')
    if (!isPlain) return this.#inspect(events)
    this.estimatedOutputTokens += countEvents(events)
    return this.#stampModel(events)
  }

  /** The slow way, event by event, for the few chunks that need it. */
  #inspect(events: string): string | null {
    let kept = ''
    for (const event of splitEvents(events)) {
      const shown = this.#inspectEvent(event)
      if (this.failure !== null) break
      if (shown !== '') this.estimatedOutputTokens += 1
      kept += shown
    }
    return kept === '' ? null : kept
  }

  #inspectEvent(event: string): string {
    const data = dataOf(event)?.trim() ?? ''
    if (data === '') return this.#begun ? event : ''
    if (data === '[DONE]') {
      this.#begun = true
      return this.#takeOwedUsage() + event
    }
    const parsed = parseObject(data)
    if (parsed === null && !this.#begun) this.failure = unreadableAnswer('an event that is not JSON')
    this.#begun = true
    if (parsed === null) return this.failure === null ? event : ''
    if (parsed['error']) {
      this.failure = this.#options.decodeError(Buffer.from(data, 'latin1').toString('utf8'))
      return ''
    }
    this.#learnModel(data, parsed)
    return this.#readUsage(event, data, parsed)
  }

  #learnModel(data: string, { model }: Event): void {
    if (this.#eventsToLook === 0) return
    this.#eventsToLook -= 1
    if (typeof model !== 'string') return
    const found = model === this.#model ? null : findModelMember(data, model)
    this.#modelNeedle = found === null ? null : detachLatin1(found)
    if (model !== '') this.#eventsToLook = 0
  }

  /** Notes the event's usage and returns what of the event is for the client. */
  #readUsage(event: string, data: string, parsed: Event): string {
    const usage = parsed['usage'] ?? nested(parsed, 'x_groq', 'usage')
    if (typeof usage !== 'object' || usage === null) return this.#stampModel(event)
    const counted = this.#options.decodeUsage(usage)
    if (counted !== null) this.usage = withServiceTier(counted, parsed['service_tier'])
    if (isEmpty(parsed['choices'])) {
      this.#owedUsage = ''
      return this.#options.includesUsage ? this.#stampModel(event) : ''
    }
    if (this.#options.includesUsage) this.#owedUsage = this.#formatUsageEvent(parsed, usage)
    return this.#stampModel(parsed['usage'] ? withoutUsage(event, data) : event)
  }

  #formatUsageEvent({ id, object, created }: Event, usage: object): string {
    return `data: ${JSON.stringify({ id, object, created, model: this.#model, choices: [], usage })}\n\n`
  }

  #takeOwedUsage(): string {
    const event = this.#owedUsage
    this.#owedUsage = ''
    return event
  }

  #stampModel(events: string): string {
    const needle = this.#modelNeedle
    if (needle === null) return events
    const found = events.indexOf(needle)
    if (found === -1) return events
    const rest = events.slice(found + needle.length)
    const stamped = rest.includes(needle) ? rest.replaceAll(needle, () => this.#modelReplacement) : rest
    return events.slice(0, found) + this.#modelReplacement + stamped
  }
}

function isWhole(event: string): boolean {
  const data = dataOf(event)?.trim()
  return data === '[DONE]' || (data !== undefined && parseObject(data) !== null)
}

function parseObject(text: string): Event | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Event) : null
  } catch {
    return null
  }
}

function nested(event: Event, outer: string, inner: string): unknown {
  const value = event[outer]
  return typeof value === 'object' && value !== null ? (value as Event)[inner] : undefined
}

function isEmpty(choices: unknown): boolean {
  return !Array.isArray(choices) || choices.length === 0
}

/** The event with its member `usage` cut out and every other byte as it was. */
function withoutUsage(event: string, data: string): string {
  const bytes = Buffer.from(data, 'latin1')
  const object = scanObject(bytes)
  const start = event.indexOf(data)
  if (object === null || start === -1) return event
  const edited = editMembers(bytes, object, { set: nothingToSet, remove: usageMember }).toString('latin1')
  return event.slice(0, start) + edited + event.slice(start + data.length)
}
