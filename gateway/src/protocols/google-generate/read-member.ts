import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'

const spellings = new Map<string, string>()

/** A member by its name in camel case, else in snake case: the protocol accepts both everywhere (proto3 JSON). */
export function readMember(record: JsonRecord | null, name: string): unknown {
  if (record === null) return undefined
  const value = record[name]
  return value === undefined ? record[toSnakeCase(name)] : value
}

export function readRecordMember(record: JsonRecord | null, name: string): JsonRecord | null {
  return readRecord(readMember(record, name))
}

export function toSnakeCase(name: string): string {
  let spelling = spellings.get(name)
  if (spelling === undefined) {
    spelling = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    spellings.set(name, spelling)
  }
  return spelling
}
