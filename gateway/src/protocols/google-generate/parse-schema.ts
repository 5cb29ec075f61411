import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'

/**
 * A schema of this dialect's OpenAPI subset as JSON schema: types in lower case, `nullable` as a type, limits that
 * proto3 JSON writes as text as numbers. A JSON schema comes out as it is.
 */
export function parseSchema(schema: JsonRecord): JsonRecord {
  const parsed: Record<string, unknown> = {}
  for (const name in schema) {
    if (name === 'nullable' || name === 'propertyOrdering' || name === 'property_ordering') continue
    parsed[spellings.get(name) ?? name] = parseKeyword(name, schema[name])
  }
  if (schema['nullable'] === true) addNull(parsed)
  return parsed
}

const spellings = new Map(
  Object.entries({
    any_of: 'anyOf',
    min_items: 'minItems',
    max_items: 'maxItems',
    min_length: 'minLength',
    max_length: 'maxLength',
    min_properties: 'minProperties',
    max_properties: 'maxProperties',
  }),
)

const limits = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

function parseKeyword(name: string, value: unknown): unknown {
  const keyword = spellings.get(name) ?? name
  if (keyword === 'type' && typeof value === 'string') return value.toLowerCase()
  if (limits.has(keyword) && typeof value === 'string') return Number(value)
  if (keyword === 'properties' || keyword === '$defs' || keyword === 'definitions') {
    const members = readRecord(value) ?? {}
    return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, parseNested(member)]))
  }
  if (keyword === 'items' || keyword === 'additionalProperties') return parseNested(value)
  if (keyword === 'anyOf' || keyword === 'oneOf' || keyword === 'allOf')
    return Array.isArray(value) ? value.map(parseNested) : value
  return value
}

function parseNested(value: unknown): unknown {
  const record = readRecord(value)
  return record === null ? value : parseSchema(record)
}

function addNull(parsed: Record<string, unknown>): void {
  const { type, enum: values, anyOf } = parsed
  if (typeof type === 'string') parsed['type'] = [type, 'null']
  if (Array.isArray(values)) parsed['enum'] = [...values, null]
  if (Array.isArray(anyOf)) parsed['anyOf'] = [...anyOf, { type: 'null' }]
}
