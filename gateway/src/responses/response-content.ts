import { BlobSealer } from '../conversation/blob-sealer.ts'
import { type JsonRecord, parseJson, readRecord, readRecords } from '../conversation/json-value.ts'

/** What is kept of a turn: the items it was asked with, and the whole response. */
export interface Turn {
  readonly input: readonly JsonRecord[]
  readonly response: JsonRecord
}

/** Writes turns for the store and reads them again, encrypted where the operator configured a salt key. */
export class ResponseContent {
  readonly #sealer: BlobSealer | null

  constructor(saltKey: string | null, randomBytes: (size: number) => Buffer) {
    this.#sealer = saltKey === null ? null : new BlobSealer(saltKey, randomBytes)
  }

  write(turn: Turn): string {
    const text = JSON.stringify(turn)
    return this.#sealer?.seal({ form: 'response', family: '', account: '', payload: text }) ?? text
  }

  /** Null for what was encrypted with another key. */
  read(content: string): Turn | null {
    const text = content.startsWith('{') ? content : (this.#sealer?.open(content)?.payload ?? '')
    const record = readRecord(parseJson(text))
    const response = readRecord(record?.['response'])
    return record === null || response === null ? null : { input: readRecords(record['input']), response }
  }
}

/** The input of a request as items. */
export function listInput(input: unknown): readonly JsonRecord[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : readRecords(input)
}
