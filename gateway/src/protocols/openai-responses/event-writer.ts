import type { JsonRecord } from '../../conversation/json-value.ts'

/** Writes the events of one stream, each with its number; `event:` equals `type`. */
export class EventWriter {
  #text = ''
  #sequence = 0

  write(type: string, members: JsonRecord): void {
    const event = JSON.stringify({ type, sequence_number: this.#sequence++, ...members })
    this.#text += `event: ${type}\ndata: ${event}\n\n`
  }

  /** The frequent event: only the delta is serialised. `members` are those before it, `tail` those after, as JSON. */
  writeDelta(type: string, members: string, delta: string, tail = ''): void {
    this.#text +=
      `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${members},` +
      `"delta":${JSON.stringify(delta)}${tail}}\n\n`
  }

  /** What was written since the last time. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
