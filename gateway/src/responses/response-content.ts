import { type JsonRecord, parseJson, readRecord, readRecords } from '../conversation/json-value.ts'
import type { KeyRing, SealedPlace } from '../secrets/key-ring.ts'

/** What is kept of a turn: the items it was asked with, and the whole response. */
export interface Turn {
  readonly input: readonly JsonRecord[]
  readonly response: JsonRecord
}

/** Writes turns for the store and reads them again, encrypted where the operator configured a key for it. */
export class ResponseContent {
  readonly #keyRing: KeyRing
  readonly #encrypts: boolean

  constructor(keyRing: KeyRing, encrypts: boolean) {
    this.#keyRing = keyRing
    this.#encrypts = encrypts
  }

  write(id: string, turn: Turn): string {
    const text = JSON.stringify(turn)
    return this.#encrypts ? this.#keyRing.seal(placeOf(id), text) : text
  }

  /** Null for what was encrypted with a key that is not configured. */
  read(id: string, content: string): Turn | null {
    const text = content.startsWith('{') ? content : (this.#keyRing.open(placeOf(id), content) ?? '')
    const record = readRecord(parseJson(text))
    const response = readRecord(record?.['response'])
    return record === null || response === null ? null : { input: readRecords(record['input']), response }
  }
}

const placeOf = (row: string): SealedPlace => ({ table: 'stored_responses', row })

/** The input of a request as items. */
export function listInput(input: unknown): readonly JsonRecord[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : readRecords(input)
}
