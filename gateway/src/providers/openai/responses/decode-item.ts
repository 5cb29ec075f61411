import {
  type JsonRecord,
  readRecord,
  readRecords,
  readString,
  readText,
} from '../../../conversation/json-value.ts'
import type { StreamEvent } from '../../../conversation/stream-event.ts'

const choice = 0

interface ItemState {
  /** The place among the answer's calls, null for other items. */
  readonly callIndex: number | null
  hasText: boolean
}

/** Decodes output items as they grow; a whole item is one that grew at once. */
export class ItemDecoder {
  readonly #items = new Map<unknown, ItemState>()
  #calls = 0
  hasRefusal = false
  searchCalls = 0

  get hasCalls(): boolean {
    return this.#calls > 0
  }

  added(place: unknown, item: JsonRecord, events: StreamEvent[]): void {
    const isCustom = item['type'] === 'custom_tool_call'
    const isCall = isCustom || item['type'] === 'function_call'
    const index = isCall ? this.#calls++ : null
    this.#items.set(place, { callIndex: index, hasText: false })
    if (index === null) return
    const id = readText(item['call_id']) ?? readText(item['id']) ?? `call_${index}`
    const name = readString(item['name']) ?? ''
    events.push({ type: 'tool-call-start', choice, index, id, name, kind: isCustom ? 'custom' : 'function' })
  }

  /** A delta of an item; `false` for a kind that is not known. */
  delta(type: string, place: unknown, text: string, events: StreamEvent[]): void {
    const state = this.#items.get(place)
    if (text === '') return
    if (state !== undefined) state.hasText = true
    switch (type) {
      case 'response.output_text.delta':
        events.push({ type: 'text-delta', choice, text })
        return
      case 'response.refusal.delta':
        this.hasRefusal = true
        events.push({ type: 'refusal-delta', choice, text })
        return
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        events.push({ type: 'reasoning-delta', choice, text })
        return
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta': {
        const index = state?.callIndex ?? null
        if (index !== null) events.push({ type: 'tool-call-delta', choice, index, arguments: text })
      }
    }
  }

  /** A further summary part is a paragraph of the same thinking. */
  summaryPart(place: unknown, events: StreamEvent[]): void {
    if (this.#items.get(place)?.hasText === true)
      events.push({ type: 'reasoning-delta', choice, text: '\n\n' })
  }

  annotation(annotation: JsonRecord | null, events: StreamEvent[]): void {
    if (annotation === null) return
    const [url, title] = [readText(annotation['url']), readText(annotation['title'])]
    events.push({ type: 'citation', choice, citation: { url, title, citedText: null, native: annotation } })
  }

  done(place: unknown, item: JsonRecord, events: StreamEvent[]): void {
    const state = this.#items.get(place)
    switch (item['type']) {
      case 'message':
        return
      case 'reasoning':
        this.#endReasoning(state, item, events)
        return
      case 'function_call':
      case 'custom_tool_call': {
        const index = state?.callIndex ?? null
        if (index === null) return
        const text = readString(item['arguments'] ?? item['input']) ?? ''
        if (state?.hasText !== true && text !== '')
          events.push({ type: 'tool-call-delta', choice, index, arguments: text })
        events.push({ type: 'tool-call-end', choice, index })
        return
      }
      default:
        this.#endOther(item, events)
    }
  }

  /** The item of a whole answer. */
  whole(place: number, item: JsonRecord, events: StreamEvent[]): void {
    this.added(place, item, events)
    if (item['type'] === 'message') {
      for (const part of readRecords(item['content'])) this.#wholePart(place, part, events)
    }
    if (item['type'] === 'reasoning') {
      const content = readRecords(item['content'])
      const isShown = content.length > 0
      for (const part of isShown ? content : readRecords(item['summary'])) {
        this.summaryPart(place, events)
        this.delta('response.reasoning_text.delta', place, readString(part['text']) ?? '', events)
      }
    }
    this.done(place, item, events)
  }

  #wholePart(place: number, part: JsonRecord, events: StreamEvent[]): void {
    const isRefusal = part['type'] === 'refusal'
    const type = isRefusal ? 'response.refusal.delta' : 'response.output_text.delta'
    this.delta(type, place, readString(part[isRefusal ? 'refusal' : 'text']) ?? '', events)
    for (const annotation of readRecords(part['annotations'])) this.annotation(annotation, events)
    events.push({ type: 'block-end', choice })
  }

  #endReasoning(state: ItemState | undefined, item: JsonRecord, events: StreamEvent[]): void {
    const encrypted = readText(item['encrypted_content'])
    if (state?.hasText === true) {
      if (encrypted === null) events.push({ type: 'block-end', choice })
      else events.push({ type: 'reasoning-signature', choice, signature: encrypted })
    } else if (encrypted !== null) events.push({ type: 'reasoning-redacted', choice, data: encrypted })
  }

  #endOther(item: JsonRecord, events: StreamEvent[]): void {
    if (item['type'] === 'web_search_call') this.searchCalls += 1
    const data = item['type'] === 'image_generation_call' ? readText(item['result']) : null
    if (data !== null) {
      const source = { kind: 'base64', mediaType: null, data } as const
      events.push({ type: 'image', choice, image: { type: 'image', source } })
      return
    }
    const value = readRecord(item) ?? {}
    events.push({ type: 'opaque', choice, part: { type: 'opaque', dialect: 'openai-responses', value } })
  }
}
