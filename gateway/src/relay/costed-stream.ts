import { parseJson, readRecord } from '../conversation/json-value.ts'
import type { Usage } from '../conversation/usage.ts'
import { dataOf, splitEvents } from '../protocols/event-text.ts'
import type { StreamRelay } from './relay.ts'
import { WrappedStream } from './wrapped-stream.ts'

/** What usage costs, in USD; null when nobody knows. */
export type CostOf = (usage: Usage) => number | null

/** A stream for a client that asked what it costs: its last usage, be it an event or a member of one, tells so as `cost`. */
export class CostedStream extends WrappedStream {
  readonly #costOf: CostOf

  constructor(relay: StreamRelay, costOf: CostOf) {
    super(relay)
    this.#costOf = costOf
  }

  protected override pass(events: string | null): string | null {
    const usage = events?.includes('"usage"') ? this.usage : null
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
