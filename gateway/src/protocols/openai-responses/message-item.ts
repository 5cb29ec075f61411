import { type JsonRecord, readNumber, readRecord } from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'
import {
  announceItem,
  completeItem,
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
} from './output-item.ts'

interface OpenPart {
  readonly kind: 'text' | 'refusal'
  /** The members every event of the part carries, as JSON. */
  readonly members: string
  readonly annotations: JsonRecord[]
  text: string
}

const noLogprobs = ',"logprobs":[]'

/** A message of the assistant: parts of text and refusal. */
export class MessageItem implements OutputItem {
  readonly #place: ItemPlace
  readonly #content: JsonRecord[] = []
  #open: OpenPart | null = null

  constructor(place: ItemPlace) {
    this.#place = place
    announceItem(place, this.#item('in_progress'))
  }

  append(kind: OpenPart['kind'], delta: string): void {
    if (delta === '') return
    const part = this.#part(kind)
    part.text += delta
    const { writer } = this.#place
    if (kind === 'text') writer.writeDelta('response.output_text.delta', part.members, delta, noLogprobs)
    else writer.writeDelta('response.refusal.delta', part.members, delta)
  }

  cite(citation: Citation): void {
    const part = this.#part('text')
    const annotation = formatAnnotation(citation, part.text.length)
    if (annotation === null) return
    const annotationIndex = part.annotations.push(annotation) - 1
    this.#place.writer.write('response.output_text.annotation.added', {
      ...this.#address(),
      annotation_index: annotationIndex,
      annotation,
    })
  }

  /** The next delta opens a part of its own. */
  closePart(): void {
    if (this.#open === null) return
    const { kind, text } = this.#open
    const { writer } = this.#place
    const address = this.#address()
    const part = formatPart(this.#open)
    if (kind === 'text') writer.write('response.output_text.done', { ...address, text, logprobs: [] })
    else writer.write('response.refusal.done', { ...address, refusal: text })
    writer.write('response.content_part.done', { ...address, part })
    this.#content.push(part)
    this.#open = null
  }

  close(status: ItemStatus): JsonRecord {
    this.closePart()
    const item = this.#item(status)
    completeItem(this.#place, item)
    return item
  }

  #part(kind: OpenPart['kind']): OpenPart {
    if (this.#open?.kind === kind) return this.#open
    this.closePart()
    const address = this.#address()
    const members = JSON.stringify(address).slice(1, -1)
    this.#open = { kind, members, annotations: [], text: '' }
    this.#place.writer.write('response.content_part.added', { ...address, part: formatPart(this.#open) })
    return this.#open
  }

  #address(): JsonRecord {
    const { id, index } = this.#place
    return { item_id: id, output_index: index, content_index: this.#content.length }
  }

  #item(status: ItemStatus | 'in_progress'): JsonRecord {
    return { id: this.#place.id, type: 'message', status, role: 'assistant', content: [...this.#content] }
  }
}

function formatPart({ kind, text, annotations }: OpenPart): JsonRecord {
  return kind === 'text'
    ? { type: 'output_text', text, annotations: [...annotations], logprobs: [] }
    : { type: 'refusal', refusal: text }
}

/** A citation of a page; others have no form in this dialect. It stands for all of the part so far unless it says. */
function formatAnnotation({ url, title, native }: Citation, end: number): JsonRecord | null {
  if (url === null) return null
  const span = readRecord(native['url_citation']) ?? native
  return {
    type: 'url_citation',
    url,
    title: title ?? '',
    start_index: readNumber(span['start_index']) ?? 0,
    end_index: readNumber(span['end_index']) ?? end,
  }
}
