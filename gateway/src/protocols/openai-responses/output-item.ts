import type { JsonRecord } from '../../conversation/json-value.ts'
import type { EventWriter } from './event-writer.ts'

export type ItemStatus = 'completed' | 'incomplete'

/** Where an item stands in its response. */
export interface ItemPlace {
  readonly id: string
  /** Its position in `output`. */
  readonly index: number
  readonly writer: EventWriter
}

/** One item of a response's output while it grows. It announces itself when it is made. */
export interface OutputItem {
  /** Writes what ends the item and returns it whole, as it is stored. */
  close(status: ItemStatus): JsonRecord
}

export function announceItem({ index, writer }: ItemPlace, item: JsonRecord): void {
  writer.write('response.output_item.added', { output_index: index, item })
}

export function completeItem({ index, writer }: ItemPlace, item: JsonRecord): void {
  writer.write('response.output_item.done', { output_index: index, item })
}
