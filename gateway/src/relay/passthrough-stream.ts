import type { Usage } from '../conversation/usage.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { type StreamRelay, unreadableAnswer } from './relay.ts'

export interface PassthroughStreamOptions {
  readonly requestedModel: string
  /** Keep the final usage event for the client; it is always read here. */
  readonly includeUsage: boolean
  readonly maxEventBytes: number
  readonly decodeUsage: (usage: unknown) => Usage | null
  readonly decodeError: (body: string) => UpstreamFailure
}

type Event = Readonly<Record<string, unknown>>

const doneEvent = 'data: [DONE]\n\n'

/**
 * Chat-completions streams for chat-completions clients: the provider's events go through byte for byte, held as
 * latin1 text because searching and joining text costs a fraction of doing so with buffers. What is looked for on
 * the side — usage, errors, the end — is found by needles that cannot occur inside a JSON string, and only events
 * that hold one are parsed. The model name is replaced in place.
 */
export class PassthroughStream implements StreamRelay {
  readonly encoding = 'latin1'
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  /** Providers send about one token an event. */
  estimatedOutputTokens = 0
  readonly #options: PassthroughStreamOptions
  readonly #modelReplacement: string
  #modelNeedle: string | null = null
  #carry = ''
  #begun = false
  #finishSeen = false
  #doneSeen = false

  constructor(options: PassthroughStreamOptions) {
    this.#options = options
    this.#modelReplacement = `"model":${toLatin1(JSON.stringify(options.requestedModel))}`
  }

  push(chunk: Buffer): string | null {
    if (this.failure !== null) return null
    const text = this.#carry + chunk.toString('latin1')
    const boundary = endOfLastEvent(text)
    this.#carry = boundary === text.length ? '' : text.slice(boundary)
    if (this.#carry.length > this.#options.maxEventBytes) {
      this.failure = unreadableAnswer(`an event of more than ${this.#options.maxEventBytes} bytes`)
      return null
    }
    if (boundary === 0) return null
    return this.#relay(boundary === text.length ? text : text.slice(0, boundary))
  }

  end(): string | null {
    if (this.failure !== null) return null
    const rest = this.#carry === '' ? null : this.#relay(`${this.#carry}\n\n`)
    if (this.failure !== null) return null
    if (this.#doneSeen) return rest
    if (this.#finishSeen) return (rest ?? '') + doneEvent
    this.failure = unreadableAnswer(this.#begun ? 'a stream that broke off' : 'an empty stream')
    return null
  }

  #relay(events: string): string | null {
    if (!this.#begun && !this.#begin(events)) return null
    this.estimatedOutputTokens += 1
    if (!this.#finishSeen) this.#finishSeen = holdsValue(events, '"finish_reason":')
    if (events.includes('[DONE]')) this.#doneSeen = true
    if (events.includes('"error":') || holdsValue(events, '"usage":')) return this.#inspect(events)
    return this.#stampModel(events)
  }

  /** Learns from the first event whether it is an error and which model name to replace. False: no event yet. */
  #begin(events: string): boolean {
    const data = firstData(events)
    if (data === null) return false
    this.#begun = true
    if (data === '[DONE]') return true
    const parsed = parseObject(data)
    if (parsed === null) {
      this.failure = unreadableAnswer('an event that is not JSON')
      return false
    }
    const model = parsed['model']
    if (typeof model === 'string' && model !== toLatin1(this.#options.requestedModel)) {
      this.#modelNeedle = modelNeedleIn(data, model)
    }
    return true
  }

  /** The slow way, for the few chunks that may hold usage or an error: event by event. */
  #inspect(events: string): string | null {
    let kept = ''
    for (const event of splitEvents(events)) {
      const data = firstData(event)
      const parsed = data === null ? null : parseObject(data)
      if (parsed !== null && isError(parsed)) {
        this.failure = this.#options.decodeError(Buffer.from(data ?? '', 'latin1').toString('utf8'))
        break
      }
      if (parsed === null || !this.#isUnaskedUsage(parsed)) kept += this.#stampModel(event)
    }
    return kept === '' ? null : kept
  }

  /** Reads usage; true when the event carries nothing else and the client did not ask for it. */
  #isUnaskedUsage(event: Event): boolean {
    const usage = event['usage'] ?? nested(event, 'x_groq', 'usage')
    if (typeof usage !== 'object' || usage === null) return false
    this.usage = this.#options.decodeUsage(usage) ?? this.usage
    const choices = event['choices']
    return !this.#options.includeUsage && Array.isArray(choices) && choices.length === 0
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

/** The text whose characters are the UTF-8 bytes of the given one. */
function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Offset just behind the last blank line, 0 when there is none. */
function endOfLastEvent(text: string): number {
  if (text.endsWith('\n\n')) return text.length
  const plain = text.lastIndexOf('\n\n')
  const windows = text.lastIndexOf('\r\n\r\n')
  return Math.max(plain === -1 ? 0 : plain + 2, windows === -1 ? 0 : windows + 4)
}

/** Whether some member of this name has a value other than null. */
function holdsValue(text: string, needle: string): boolean {
  let found = text.indexOf(needle)
  while (found !== -1) {
    let next = found + needle.length
    while (text[next] === ' ') next += 1
    if (text[next] !== 'n') return true
    found = text.indexOf(needle, next)
  }
  return false
}

function* splitEvents(events: string): Generator<string> {
  let start = 0
  while (start < events.length) {
    const plain = events.indexOf('\n\n', start)
    const windows = events.indexOf('\r\n\r\n', start)
    const useWindows = windows !== -1 && (plain === -1 || windows < plain)
    const end = useWindows ? windows + 4 : plain === -1 ? events.length : plain + 2
    yield events.slice(start, end)
    start = end
  }
}

/** The data of the first event that has any, lines joined; null when there are only comments. */
function firstData(events: string): string | null {
  for (const event of splitEvents(events)) {
    const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'))
    if (lines.length > 0) return lines.map((line) => line.slice(line[5] === ' ' ? 6 : 5)).join('\n')
  }
  return null
}

function parseObject(text: string): Event | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Event) : null
  } catch {
    return null
  }
}

function isError(event: Event): boolean {
  const error = event['error']
  return error !== undefined && error !== null && !Array.isArray(event['choices'])
}

function nested(event: Event, outer: string, inner: string): unknown {
  const value = event[outer]
  return typeof value === 'object' && value !== null ? (value as Event)[inner] : undefined
}

/** The exact text that spells the model member in this provider's events. */
function modelNeedleIn(data: string, model: string): string | null {
  const value = JSON.stringify(model)
  return [`"model":${value}`, `"model": ${value}`].find((spelling) => data.includes(spelling)) ?? null
}
