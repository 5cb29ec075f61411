import { type JsonRecord, readList, readRecord, readRecords } from '../../conversation/json-value.ts'
import type { Body } from './encoding.ts'

/** Keywords of the OpenAPI 3.0 subset that older models read (ai.google.dev/api/caching#Schema). */
const kept = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'required',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'example',
  'default',
  'minimum',
  'maximum',
  'propertyOrdering',
])

/** Formats the subset knows; others are refused upstream. */
const formats = new Set(['enum', 'date-time', 'float', 'double', 'int32', 'int64'])

/** References that are written out many times over must not make a small schema a huge one. */
const maxNodes = 10_000

interface Reduction {
  readonly root: JsonRecord
  /** References being written out; one within itself, a recursive type, is any object. */
  readonly open: Set<string>
  nodes: number
}

/**
 * A JSON schema in the subset: references written out, `const` as an enum of one, a union with null as `nullable`,
 * keywords the subset lacks left out.
 */
export function reduceSchema(schema: JsonRecord): Body {
  return reduce(schema, { root: schema, open: new Set(), nodes: 0 })
}

function reduce(schema: JsonRecord, reduction: Reduction): Body {
  if (++reduction.nodes > maxNodes) return { type: 'object' }
  const reference = schema['$ref']
  if (typeof reference === 'string') return reduceReference(reference, schema, reduction)
  const reduced: Body = {}
  for (const name in schema) if (kept.has(name)) reduced[name] = schema[name]
  if (typeof reduced['format'] === 'string' && !formats.has(reduced['format'])) delete reduced['format']
  if (schema['const'] !== undefined) reduced['enum'] = [schema['const']]
  reduceEnum(reduced)
  reduceTypes(reduced)
  reduceChildren(schema, reduced, reduction)
  reduceUnion(schema, reduced, reduction)
  return reduced
}

function reduceReference(reference: string, schema: JsonRecord, reduction: Reduction): Body {
  if (reduction.open.has(reference)) return { type: 'object' }
  const { $ref: _, ...siblings } = schema
  reduction.open.add(reference)
  const reduced = reduce({ ...resolve(reference, reduction.root), ...siblings }, reduction)
  reduction.open.delete(reference)
  return reduced
}

function resolve(reference: string, root: JsonRecord): JsonRecord {
  let found: unknown = reference.startsWith('#') ? root : null
  for (const name of reference.split('/').slice(1)) {
    found = readRecord(found)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return readRecord(found) ?? { type: 'object' }
}

/** The subset has enums of strings only; other values go, their type stays. */
function reduceEnum(reduced: Body): void {
  const values = readList(reduced['enum'])
  if (values.length === 0) return
  const texts = values.filter((value) => typeof value === 'string')
  if (values.includes(null)) reduced['nullable'] = true
  if (texts.length > 0 && texts.length === values.filter((value) => value !== null).length) {
    reduced['enum'] = texts
    reduced['type'] ??= 'string'
  } else {
    delete reduced['enum']
    reduced['type'] ??= typeof values[0]
  }
}

/** A list of types as the one beside null, or as a union. */
function reduceTypes(reduced: Body): void {
  if (!Array.isArray(reduced['type'])) return
  const types = reduced['type'].filter((type) => type !== 'null')
  if (types.length < reduced['type'].length) reduced['nullable'] = true
  if (types.length === 1) {
    reduced['type'] = types[0]
    return
  }
  delete reduced['type']
  reduced['anyOf'] = types.map((type) => ({ type }))
}

function reduceChildren(schema: JsonRecord, reduced: Body, reduction: Reduction): void {
  const items = readRecord(schema['items'])
  if (items !== null) reduced['items'] = reduce(items, reduction)
  else if (reduced['type'] === 'array') reduced['items'] = {}
  const properties = readRecord(schema['properties'])
  if (properties === null) return
  const children: Body = {}
  for (const name in properties) children[name] = reduce(readRecord(properties[name]) ?? {}, reduction)
  reduced['properties'] = children
}

function reduceUnion(schema: JsonRecord, reduced: Body, reduction: Reduction): void {
  for (const part of readRecords(schema['allOf'])) mergeInto(reduced, reduce(part, reduction))
  const members = [...readRecords(schema['anyOf']), ...readRecords(schema['oneOf'])]
  const choices = members.filter((member) => member['type'] !== 'null')
  if (choices.length < members.length) reduced['nullable'] = true
  const all = choices.map((member) => reduce(member, reduction))
  const [only] = all
  if (only !== undefined && all.length === 1) mergeInto(reduced, only)
  else if (all.length > 1) reduced['anyOf'] = all
}

function mergeInto(target: Body, source: Body): void {
  const properties = { ...readRecord(target['properties']), ...readRecord(source['properties']) }
  const required = [...readList(target['required']), ...readList(source['required'])]
  for (const name in source) target[name] ??= source[name]
  if (Object.keys(properties).length > 0) target['properties'] = properties
  if (required.length > 0) target['required'] = required
}
