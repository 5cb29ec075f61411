import type { JsonRecord } from '../../conversation/json-value.ts'
import {
  announceItem,
  completeItem,
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
} from './output-item.ts'

/** Thinking, shown as a summary; what its provider signed or encrypted is shown only to clients that ask for it. */
export class ReasoningItem implements OutputItem {
  readonly #place: ItemPlace
  readonly #showsEncrypted: boolean
  #text: string | null = null
  #members = ''
  #encrypted: string | null = null

  constructor(place: ItemPlace, showsEncrypted: boolean) {
    this.#place = place
    this.#showsEncrypted = showsEncrypted
    announceItem(place, { id: place.id, type: 'reasoning', summary: [] })
  }

  append(delta: string): void {
    if (delta === '') return
    if (this.#text === null) this.#openPart()
    this.#text += delta
    this.#place.writer.writeDelta('response.reasoning_summary_text.delta', this.#members, delta)
  }

  encrypt(content: string): void {
    this.#encrypted = content
  }

  close(_status: ItemStatus): JsonRecord {
    const { writer, id } = this.#place
    const summary: JsonRecord[] = []
    if (this.#text !== null) {
      const part = { type: 'summary_text', text: this.#text }
      writer.write('response.reasoning_summary_text.done', { ...this.#address(), text: this.#text })
      writer.write('response.reasoning_summary_part.done', { ...this.#address(), part })
      summary.push(part)
    }
    const item = { id, type: 'reasoning', summary }
    const whole = this.#encrypted === null ? item : { ...item, encrypted_content: this.#encrypted }
    completeItem(this.#place, this.#showsEncrypted ? whole : item)
    return whole
  }

  #openPart(): void {
    this.#text = ''
    this.#members = JSON.stringify(this.#address()).slice(1, -1)
    this.#place.writer.write('response.reasoning_summary_part.added', {
      ...this.#address(),
      part: { type: 'summary_text', text: '' },
    })
  }

  #address(): JsonRecord {
    const { id, index } = this.#place
    return { item_id: id, output_index: index, summary_index: 0 }
  }
}
