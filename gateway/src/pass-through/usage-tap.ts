import { parseJson, readRecord } from '../conversation/json-value.ts'
import { withServiceTier } from '../conversation/service-tier.ts'
import type { Usage } from '../conversation/usage.ts'
import { SseParser } from '../protocols/sse.ts'
import type { PassThroughTarget } from './pass-through-target.ts'

/** A whole answer is read for its usage up to here. */
const maxJsonBytes = 8 * 1024 * 1024

/**
 * Reads usage from an answer that passes by, without changing or delaying it: `usage` of OpenAI's and Anthropic's
 * bodies and events (also inside `response` and `message`), `usageMetadata` of Google's. What a later event says
 * stands over what an earlier one said.
 */
export class UsageTap {
  readonly #wire: NonNullable<PassThroughTarget['wire']>
  readonly #events: SseParser | null
  #chunks: Buffer[] = []
  #size = 0
  #usage: Readonly<Record<string, unknown>> | null = null
  #serviceTier: unknown = null

  constructor(wire: NonNullable<PassThroughTarget['wire']>, contentType: string) {
    this.#wire = wire
    this.#events = contentType.includes('event-stream') ? new SseParser() : null
  }

  push(chunk: Buffer): void {
    if (this.#events === null) {
      this.#size += chunk.length
      if (this.#size <= maxJsonBytes) this.#chunks.push(chunk)
      else this.#chunks = []
      return
    }
    try {
      for (const { data } of this.#events.push(chunk))
        if (data.includes('"usage')) this.#read(parseJson(data))
    } catch {
      // A stream nobody can read has no usage; the client gets it all the same.
    }
  }

  /** The usage of the whole answer, null when it told none. */
  end(): Usage | null {
    if (this.#events === null && this.#size <= maxJsonBytes)
      this.#read(parseJson(Buffer.concat(this.#chunks).toString('utf8')))
    const usage = this.#usage === null ? null : this.#wire.decodeUsage(this.#usage)
    return usage && withServiceTier(usage, this.#serviceTier ?? usage.serviceTier)
  }

  #read(value: unknown): void {
    const answer = readRecord(value)
    if (answer === null) return
    const inner = readRecord(answer['response']) ?? readRecord(answer['message'])
    const usage =
      readRecord(answer['usage']) ?? readRecord(inner?.['usage']) ?? readRecord(answer['usageMetadata'])
    this.#serviceTier = answer['service_tier'] ?? inner?.['service_tier'] ?? this.#serviceTier
    if (usage !== null) this.#usage = { ...this.#usage, ...withoutNulls(usage) }
  }
}

function withoutNulls(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}
