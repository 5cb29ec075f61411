import type { GatewayError } from '@routeiq/contract'
import { parseJson, readRecord } from '../conversation/json-value.ts'
import type { Usage } from '../conversation/usage.ts'
import { dataOf, splitEvents } from '../protocols/event-text.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { StreamRelay } from './relay.ts'

/** What usage costs, in USD; null when nobody knows. */
export type CostOf = (usage: Usage) => number | null

/** A stream for a client that asked what it costs: its last usage, be it an event or a member of one, tells so as `cost`. */
export class CostedStream implements StreamRelay {
  readonly encoding: StreamRelay['encoding']
  readonly mediaType: string
  readonly #relay: StreamRelay
  readonly #costOf: CostOf

  constructor(relay: StreamRelay, costOf: CostOf) {
    this.encoding = relay.encoding
    this.mediaType = relay.mediaType
    this.#relay = relay
    this.#costOf = costOf
  }

  get failure(): UpstreamFailure | null {
    return this.#relay.failure
  }

  get usage(): Usage | null {
    return this.#relay.usage
  }

  get terms(): StreamRelay['terms'] {
    return this.#relay.terms
  }

  get estimatedOutputTokens(): number {
    return this.#relay.estimatedOutputTokens
  }

  push(chunk: Buffer): string | null {
    return this.#addCost(this.#relay.push(chunk))
  }

  end(): string | null {
    return this.#addCost(this.#relay.end())
  }

  conclude(): Promise<string> | null {
    const last = this.#relay.conclude?.() ?? null
    return last === null ? null : last.then((text) => this.#addCost(text) ?? '')
  }

  formatFailure(error: GatewayError): string | null {
    return this.#relay.formatFailure?.(error) ?? null
  }

  #addCost(events: string | null): string | null {
    const usage = events?.includes('"usage"') ? this.#relay.usage : null
    const cost = usage === null ? null : this.#costOf(usage)
    if (events === null || cost === null) return events
    let text = ''
    for (const event of splitEvents(events)) text += addToEvent(event, cost)
    return text
  }
}

/** Only the start of a message says what is not the whole usage yet, and says it in a `message`. */
function addToEvent(event: string, cost: number): string {
  const data = event.includes('"usage"') ? dataOf(event) : null
  const parsed = data === null ? null : readRecord(parseJson(data))
  const response = readRecord(parsed?.['response'])
  const usage = readRecord((response ?? parsed)?.['usage'])
  if (data === null || parsed === null || usage === null) return event
  const told = { ...(response ?? parsed), usage: { ...usage, cost } }
  const text = JSON.stringify(response === null ? told : { ...parsed, response: told })
  const start = event.indexOf(data)
  return start === -1 ? event : event.slice(0, start) + text + event.slice(start + data.length)
}
