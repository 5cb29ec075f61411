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

const usageNeedle = Buffer.from('"usage":')
const errorNeedle = Buffer.from('"error":')
const doneNeedle = Buffer.from('[DONE]')
const finishNeedle = Buffer.from('"finish_reason":')
const lineFeeds = Buffer.from('\n\n')
const carriageLineFeeds = Buffer.from('\r\n\r\n')
const doneEvent = Buffer.from('data: [DONE]\n\n')
const lowercaseN = 0x6e
const space = 0x20

/**
 * Chat-completions streams for chat-completions clients: the provider's events go through byte for byte. What is
 * looked for on the side — usage, errors, the end — is found by needles that cannot occur inside a JSON string,
 * and only events that hold one are parsed. The model name is replaced in place.
 */
export class PassthroughStream implements StreamRelay {
  failure: UpstreamFailure | null = null
  usage: Usage | null = null
  /** Providers send about one token an event. */
  estimatedOutputTokens = 0
  readonly #options: PassthroughStreamOptions
  #carry: Buffer | null = null
  #begun = false
  #finishSeen = false
  #doneSeen = false
  #modelNeedle: Buffer | null = null
  readonly #modelReplacement: Buffer

  constructor(options: PassthroughStreamOptions) {
    this.#options = options
    this.#modelReplacement = Buffer.from(`"model":${JSON.stringify(options.requestedModel)}`)
  }

  push(chunk: Buffer): Buffer | null {
    if (this.failure !== null) return null
    const bytes = this.#carry === null ? chunk : Buffer.concat([this.#carry, chunk])
    const boundary = endOfLastEvent(bytes)
    if (boundary === bytes.length) {
      this.#carry = null
      return this.#relay(bytes)
    }
    this.#carry = boundary === 0 ? bytes : bytes.subarray(boundary)
    if (this.#carry.length > this.#options.maxEventBytes) {
      this.failure = unreadableAnswer(`an event of more than ${this.#options.maxEventBytes} bytes`)
      return null
    }
    return boundary === 0 ? null : this.#relay(bytes.subarray(0, boundary))
  }

  end(): Buffer | null {
    if (this.failure !== null) return null
    const rest = this.#carry === null ? null : this.#relay(Buffer.concat([this.#carry, lineFeeds]))
    if (this.failure !== null) return null
    if (!this.#doneSeen && !this.#finishSeen) {
      this.failure = unreadableAnswer(this.#begun ? 'a stream that broke off' : 'an empty stream')
      return null
    }
    if (this.#doneSeen) return rest
    return rest === null ? doneEvent : Buffer.concat([rest, doneEvent])
  }

  #relay(events: Buffer): Buffer | null {
    if (!this.#begun && !this.#begin(events)) return null
    this.estimatedOutputTokens += countEvents(events)
    if (!this.#finishSeen) this.#finishSeen = holdsValue(events, finishNeedle)
    if (events.includes(doneNeedle)) this.#doneSeen = true
    if (events.includes(errorNeedle) || holdsValue(events, usageNeedle)) return this.#inspect(events)
    return this.#stampModel(events)
  }

  /** Learns from the first event whether it is an error and which model name to replace. False: no event yet. */
  #begin(events: Buffer): boolean {
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
    if (typeof model === 'string' && model !== this.#options.requestedModel) {
      this.#modelNeedle = modelNeedleIn(data, model)
    }
    return true
  }

  /** The slow way, for the few chunks that may hold usage or an error: event by event. */
  #inspect(events: Buffer): Buffer | null {
    const kept: Buffer[] = []
    for (const event of splitEvents(events)) {
      const data = firstData(event)
      const parsed = data === null ? null : parseObject(data)
      if (parsed !== null && isError(parsed)) {
        this.failure = this.#options.decodeError(data ?? '')
        break
      }
      if (parsed !== null && this.#isUnaskedUsage(parsed)) continue
      kept.push(this.#stampModel(event))
    }
    return kept.length === 0 ? null : Buffer.concat(kept)
  }

  /** Reads usage; true when the event carries nothing else and the client did not ask for it. */
  #isUnaskedUsage(event: Readonly<Record<string, unknown>>): boolean {
    const usage = event['usage'] ?? nested(event, 'x_groq', 'usage')
    if (typeof usage !== 'object' || usage === null) return false
    this.usage = this.#options.decodeUsage(usage) ?? this.usage
    const choices = event['choices']
    return !this.#options.includeUsage && Array.isArray(choices) && choices.length === 0
  }

  #stampModel(events: Buffer): Buffer {
    const needle = this.#modelNeedle
    if (needle === null) return events
    let found = events.indexOf(needle)
    if (found === -1) return events
    const parts: Buffer[] = []
    let position = 0
    while (found !== -1) {
      parts.push(events.subarray(position, found), this.#modelReplacement)
      position = found + needle.length
      found = events.indexOf(needle, position)
    }
    parts.push(events.subarray(position))
    return Buffer.concat(parts)
  }
}

/** Offset just behind the last blank line, 0 when there is none. */
function endOfLastEvent(bytes: Buffer): number {
  const length = bytes.length
  if (length >= 2 && bytes[length - 1] === 0x0a && bytes[length - 2] === 0x0a) return length
  const plain = bytes.lastIndexOf(lineFeeds)
  const windows = bytes.lastIndexOf(carriageLineFeeds)
  return Math.max(plain === -1 ? 0 : plain + 2, windows === -1 ? 0 : windows + 4)
}

function countEvents(events: Buffer): number {
  let count = 0
  let found = events.indexOf(lineFeeds)
  while (found !== -1) {
    count += 1
    found = found + 2 === events.length ? -1 : events.indexOf(lineFeeds, found + 2)
  }
  return count
}

/** Whether some member of this name has a value other than null. */
function holdsValue(bytes: Buffer, needle: Buffer): boolean {
  let found = bytes.indexOf(needle)
  while (found !== -1) {
    let next = found + needle.length
    while (bytes[next] === space) next += 1
    if (bytes[next] !== lowercaseN) return true
    found = bytes.indexOf(needle, next)
  }
  return false
}

function* splitEvents(events: Buffer): Generator<Buffer> {
  let start = 0
  while (start < events.length) {
    const plain = events.indexOf(lineFeeds, start)
    const windows = events.indexOf(carriageLineFeeds, start)
    const useWindows = windows !== -1 && (plain === -1 || windows < plain)
    const end = useWindows ? windows + 4 : plain === -1 ? events.length : plain + 2
    yield events.subarray(start, end)
    start = end
  }
}

/** The data of the first event that has any, lines joined; null when there are only comments. */
function firstData(events: Buffer): string | null {
  for (const event of splitEvents(events)) {
    const lines = event.toString('utf8').split(/\r\n|\n|\r/)
    const data = lines
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(line[5] === ' ' ? 6 : 5))
    if (data.length > 0) return data.join('\n')
  }
  return null
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function isError(event: Readonly<Record<string, unknown>>): boolean {
  const error = event['error']
  return error !== undefined && error !== null && !Array.isArray(event['choices'])
}

function nested(event: Readonly<Record<string, unknown>>, outer: string, inner: string): unknown {
  const value = event[outer]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[inner] : undefined
}

/** The exact bytes that spell the model member in this provider's events. */
function modelNeedleIn(data: string, model: string): Buffer | null {
  const value = JSON.stringify(model)
  for (const spelling of [`"model":${value}`, `"model": ${value}`])
    if (data.includes(spelling)) return Buffer.from(spelling)
  return null
}
