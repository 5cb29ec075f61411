import { isSameJson } from './compare-answers.ts'

type Schema = Readonly<Record<string, unknown>>

/** Schemas come from callers: one that leads to more comparisons than this is not followed to the end. */
const mostSteps = 20_000
const mostDepth = 64

/**
 * True when a value certainly does not fit a JSON schema. What is not looked at (patterns, formats, `not`, conditions, words
 * nobody knows) says nothing, and neither does a schema that is none or too much to follow: a false alarm would blame a model.
 */
export function violatesSchema(value: unknown, schema: unknown): boolean {
  return new SchemaCheck(schema).violates(value, schema, 0)
}

class SchemaCheck {
  readonly #root: unknown
  #steps = 0

  constructor(root: unknown) {
    this.#root = root
  }

  violates(value: unknown, schema: unknown, depth: number): boolean {
    if (schema === false) return true
    if (!isRecord(schema) || depth > mostDepth || !this.#mayTake(sizeOf(schema))) return false
    return (
      violatesType(value, schema) ||
      violatesChoice(value, schema) ||
      violatesBounds(value, schema) ||
      this.#violatesParts(value, schema, depth + 1) ||
      this.#violatesOthers(value, schema, depth + 1)
    )
  }

  #mayTake(steps: number): boolean {
    this.#steps += steps
    return this.#steps <= mostSteps
  }

  #violatesParts(value: unknown, schema: Schema, depth: number): boolean {
    if (Array.isArray(value)) return this.#violatesItems(value, schema, depth)
    return isRecord(value) && this.#violatesMembers(value, schema, depth)
  }

  #violatesMembers(value: Schema, schema: Schema, depth: number): boolean {
    const { required, properties, additionalProperties, patternProperties } = schema
    if (Array.isArray(required) && required.some((name) => !Object.hasOwn(value, String(name)))) return true
    const known = isRecord(properties) ? properties : {}
    for (const [name, member] of Object.entries(value)) {
      const isKnown = Object.hasOwn(known, name)
      // A pattern may speak for it.
      if (!isKnown && patternProperties !== undefined) continue
      if (this.violates(member, isKnown ? known[name] : additionalProperties, depth)) return true
    }
    return false
  }

  #violatesItems(value: readonly unknown[], { prefixItems, items }: Schema, depth: number): boolean {
    // Before draft 2020-12 a list in `items` was what `prefixItems` is now.
    const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
    const rest = Array.isArray(items) ? undefined : items
    return value.some((item, at) => this.violates(item, at < first.length ? first[at] : rest, depth))
  }

  #violatesOthers(value: unknown, schema: Schema, depth: number): boolean {
    const { allOf, anyOf, oneOf, $ref } = schema
    if (Array.isArray(allOf) && allOf.some((other) => this.violates(value, other, depth))) return true
    for (const some of [anyOf, oneOf])
      if (Array.isArray(some) && some.length > 0 && some.every((other) => this.violates(value, other, depth)))
        return true
    return typeof $ref === 'string' && this.violates(value, this.#resolve($ref), depth)
  }

  /** Undefined for what is not in the schema itself. */
  #resolve(reference: string): unknown {
    if (!reference.startsWith('#')) return undefined
    let found = this.#root
    for (const name of reference.slice(1).split('/').slice(1)) {
      const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
      found = isRecord(found) && Object.hasOwn(found, key) ? found[key] : undefined
    }
    return found
  }
}

/** What looking at one value costs: the lists it is held against. */
function sizeOf({ enum: choices, required, type }: Schema): number {
  return [choices, required, type].reduce<number>(
    (sum, list) => sum + (Array.isArray(list) ? list.length : 0),
    1,
  )
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: isRecord,
}

function violatesType(value: unknown, { type }: Schema): boolean {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type]
  const checks = names.map((name) => (Object.hasOwn(types, String(name)) ? types[String(name)] : undefined))
  return checks.length > 0 && checks.every((check) => check !== undefined && !check(value))
}

function violatesChoice(value: unknown, schema: Schema): boolean {
  const { enum: choices } = schema
  if (Array.isArray(choices) && !choices.some((choice) => isSameJson(choice, value))) return true
  return Object.hasOwn(schema, 'const') && !isSameJson(schema['const'], value)
}

function violatesBounds(value: unknown, schema: Schema): boolean {
  if (typeof value === 'number')
    return (
      exceeds(schema['minimum'], value) ||
      exceeds(value, schema['maximum']) ||
      reaches(schema['exclusiveMinimum'], value) ||
      reaches(value, schema['exclusiveMaximum'])
    )
  if (Array.isArray(value))
    return exceeds(schema['minItems'], value.length) || exceeds(value.length, schema['maxItems'])
  if (typeof value !== 'string') return false
  // Lengths are counted in characters, which are never more than units.
  return exceeds(schema['minLength'], value.length) || exceeds([...value].length, schema['maxLength'])
}

function exceeds(greater: unknown, less: unknown): boolean {
  return typeof greater === 'number' && typeof less === 'number' && greater > less
}

function reaches(greater: unknown, less: unknown): boolean {
  return typeof greater === 'number' && typeof less === 'number' && greater >= less
}

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
