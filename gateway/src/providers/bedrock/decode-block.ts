import {
  type JsonRecord,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'

/** A content block of the answer. Blocks but tool calls have no start, so the first delta says what one is. */
export class BlockDecoder {
  /** Null for a block that is no tool call. */
  readonly #toolIndex: number | null
  #signature = ''

  constructor(toolIndex: number | null) {
    this.#toolIndex = toolIndex
  }

  delta(delta: JsonRecord, events: StreamEvent[]): void {
    const text = readText(delta['text'])
    if (text !== null) events.push({ type: 'text-delta', choice: 0, text })
    const input = readText(readRecord(delta['toolUse'])?.['input'])
    if (input !== null && this.#toolIndex !== null) {
      events.push({ type: 'tool-call-delta', choice: 0, index: this.#toolIndex, arguments: input })
    }
    const reasoning = readRecord(delta['reasoningContent'])
    if (reasoning !== null) this.#think(reasoning, events)
    const citation = readRecord(delta['citation'])
    if (citation !== null) events.push({ type: 'citation', choice: 0, citation: readCitation(citation) })
  }

  stop(events: StreamEvent[]): void {
    if (this.#toolIndex !== null) events.push({ type: 'tool-call-end', choice: 0, index: this.#toolIndex })
    else if (this.#signature === '') events.push({ type: 'block-end', choice: 0 })
    else events.push({ type: 'reasoning-signature', choice: 0, signature: this.#signature })
  }

  #think(reasoning: JsonRecord, events: StreamEvent[]): void {
    const text = readText(reasoning['text'])
    if (text !== null) events.push({ type: 'reasoning-delta', choice: 0, text })
    this.#signature += readString(reasoning['signature']) ?? ''
    const data = readText(reasoning['redactedContent'])
    if (data !== null) events.push({ type: 'reasoning-redacted', choice: 0, data })
  }
}

function readCitation(native: JsonRecord): Citation {
  const source = readRecords(native['sourceContent']).flatMap(({ text }) => readText(text) ?? [])
  const location = readRecord(native['location'])
  return {
    url: readText(readRecord(location?.['web'])?.['url']),
    title: readText(native['title']),
    citedText: source.length === 0 ? null : source.join(''),
    native,
  }
}
