import { type JsonRecord, readList, readRecord } from '../../conversation/json-value.ts'

/**
 * Whether a schema already obeys the rules of strict mode: every object names all its properties as required and
 * forbids others. Others are sent without it, because making them obey would change what they mean.
 */
export function isStrictSchema(schema: unknown): boolean {
  const record = readRecord(schema)
  if (record === null) return readList(schema).every(isStrictSchema)
  if (record['type'] === 'object' && !isClosedObject(record)) return false
  return Object.values(record).every(isStrictSchema)
}

function isClosedObject(schema: JsonRecord): boolean {
  const required = readList(schema['required'])
  const names = Object.keys(readRecord(schema['properties']) ?? {})
  return schema['additionalProperties'] === false && names.every((name) => required.includes(name))
}
