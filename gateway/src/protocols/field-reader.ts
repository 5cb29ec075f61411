import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord } from '../conversation/json-value.ts'

/** The refusal of a malformed field, named as the caller wrote it (`messages[2].content`). */
export function invalidField(path: string, expected: string): GatewayError {
  return new GatewayError('invalid_request', `Invalid '${path}': expected ${expected}.`, { param: path })
}

export function requireRecord(value: unknown, path: string): JsonRecord {
  const record = readRecord(value)
  if (record === null) throw invalidField(path, 'an object')
  return record
}

export function requireList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidField(path, 'an array')
  return value
}

export function requireString(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidField(path, 'a string')
  return value
}

/** Null when the member is absent or null. */
export function optionalString(record: JsonRecord, name: string, path = name): string | null {
  return record[name] === undefined || record[name] === null ? null : requireString(record[name], path)
}

export function optionalNumber(record: JsonRecord, name: string): number | null {
  const value = record[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'number') throw invalidField(name, 'a number')
  return value
}

export function optionalInteger(record: JsonRecord, name: string, minimum: number): number | null {
  const value = optionalNumber(record, name)
  if (value !== null && (!Number.isInteger(value) || value < minimum)) {
    throw invalidField(name, `an integer of at least ${minimum}`)
  }
  return value
}

export function optionalBoolean(record: JsonRecord, name: string): boolean | null {
  const value = record[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'boolean') throw invalidField(name, 'a boolean')
  return value
}

export function optionalRecord(record: JsonRecord, name: string, path = name): JsonRecord | null {
  return record[name] === undefined || record[name] === null ? null : requireRecord(record[name], path)
}
