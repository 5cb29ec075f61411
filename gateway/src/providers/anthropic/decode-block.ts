import {
  type JsonRecord,
  parseJson,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'

/** One content block of the answer being read, from its start to its stop. */
export interface BlockDecoder {
  delta(delta: JsonRecord, events: StreamEvent[]): void
  stop(events: StreamEvent[]): void
}

/** Begins a block and emits what its start already holds. `toolIndex` is used when it is a tool call. */
export function beginBlock(block: JsonRecord, toolIndex: number, events: StreamEvent[]): BlockDecoder {
  switch (block['type']) {
    case 'text':
      return new TextBlock(block, events)
    case 'thinking':
      return new ThinkingBlock(block, events)
    case 'redacted_thinking':
      events.push({ type: 'reasoning-redacted', choice: 0, data: readString(block['data']) ?? '' })
      return ignored
    case 'tool_use':
      return new ToolUseBlock(block, toolIndex, events)
    default:
      return new OpaqueBlock(block)
  }
}

const ignored: BlockDecoder = { delta: () => undefined, stop: () => undefined }

class TextBlock implements BlockDecoder {
  constructor(block: JsonRecord, events: StreamEvent[]) {
    this.#push(readText(block['text']), events)
    for (const citation of readRecords(block['citations'])) this.#cite(citation, events)
  }

  delta(delta: JsonRecord, events: StreamEvent[]): void {
    this.#push(readText(delta['text']), events)
    const citation = readRecord(delta['citation'])
    if (citation !== null) this.#cite(citation, events)
  }

  stop(events: StreamEvent[]): void {
    events.push({ type: 'block-end', choice: 0 })
  }

  #push(text: string | null, events: StreamEvent[]): void {
    if (text !== null) events.push({ type: 'text-delta', choice: 0, text })
  }

  #cite(native: JsonRecord, events: StreamEvent[]): void {
    const citation: Citation = {
      url: readText(native['url']),
      title: readText(native['title']) ?? readText(native['document_title']),
      citedText: readText(native['cited_text']),
      native,
    }
    events.push({ type: 'citation', choice: 0, citation })
  }
}

class ThinkingBlock implements BlockDecoder {
  #signature: string

  constructor(block: JsonRecord, events: StreamEvent[]) {
    this.#signature = readString(block['signature']) ?? ''
    this.#push(block, events)
  }

  delta(delta: JsonRecord, events: StreamEvent[]): void {
    this.#signature += readString(delta['signature']) ?? ''
    this.#push(delta, events)
  }

  /** A block whose text the provider withholds still has its signature. */
  stop(events: StreamEvent[]): void {
    const signature = this.#signature
    if (signature === '') events.push({ type: 'block-end', choice: 0 })
    else events.push({ type: 'reasoning-signature', choice: 0, signature })
  }

  #push(source: JsonRecord, events: StreamEvent[]): void {
    const text = readText(source['thinking'])
    if (text !== null) events.push({ type: 'reasoning-delta', choice: 0, text })
  }
}

class ToolUseBlock implements BlockDecoder {
  readonly #index: number
  readonly #input: JsonRecord | null
  #hasDelta = false

  constructor(block: JsonRecord, index: number, events: StreamEvent[]) {
    this.#index = index
    this.#input = readRecord(block['input'])
    const [id, name] = [readString(block['id']) ?? '', readString(block['name']) ?? '']
    events.push({ type: 'tool-call-start', choice: 0, index, id, name, kind: 'function' })
  }

  delta(delta: JsonRecord, events: StreamEvent[]): void {
    const text = readText(delta['partial_json'])
    if (text === null) return
    this.#hasDelta = true
    events.push({ type: 'tool-call-delta', choice: 0, index: this.#index, arguments: text })
  }

  /** A whole answer holds the input in the block itself; an empty one stays empty text. */
  stop(events: StreamEvent[]): void {
    const index = this.#index
    if (!this.#hasDelta && this.#input !== null && Object.keys(this.#input).length > 0) {
      events.push({ type: 'tool-call-delta', choice: 0, index, arguments: JSON.stringify(this.#input) })
    }
    events.push({ type: 'tool-call-end', choice: 0, index })
  }
}

/** A block of a server tool, or of a kind newer than this code: kept whole. */
class OpaqueBlock implements BlockDecoder {
  readonly #block: JsonRecord
  #json = ''

  constructor(block: JsonRecord) {
    this.#block = block
  }

  delta(delta: JsonRecord): void {
    this.#json += readString(delta['partial_json']) ?? ''
  }

  stop(events: StreamEvent[]): void {
    const input = this.#json === '' ? undefined : parseJson(this.#json)
    const value = input === undefined ? this.#block : { ...this.#block, input }
    events.push({ type: 'opaque', choice: 0, part: { type: 'opaque', dialect: 'anthropic-messages', value } })
  }
}
