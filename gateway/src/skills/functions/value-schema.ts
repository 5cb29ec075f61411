import { type ZodType, z } from 'zod'
import type { FunctionArgument } from './function-module.ts'

type MakeSchema = (inner: ZodType, other: ZodType) => ZodType

/** Types without parameters, of both languages, as they are written. */
const plainTypes: Readonly<Record<string, () => ZodType>> = {
  str: z.string,
  string: z.string,
  int: z.int,
  float: z.number,
  number: z.number,
  bool: z.boolean,
  boolean: z.boolean,
  None: z.null,
  null: z.null,
  undefined: z.null,
  dict: () => z.record(z.string(), z.unknown()),
  Dict: () => z.record(z.string(), z.unknown()),
  object: () => z.record(z.string(), z.unknown()),
  list: () => z.array(z.unknown()),
  List: () => z.array(z.unknown()),
  Array: () => z.array(z.unknown()),
}

const genericTypes: Readonly<Record<string, MakeSchema>> = {
  list: (inner) => z.array(inner),
  List: (inner) => z.array(inner),
  Sequence: (inner) => z.array(inner),
  Array: (inner) => z.array(inner),
  ReadonlyArray: (inner) => z.array(inner),
  dict: (_, value) => z.record(z.string(), value),
  Dict: (_, value) => z.record(z.string(), value),
  Mapping: (_, value) => z.record(z.string(), value),
  Record: (_, value) => z.record(z.string(), value),
  Optional: (inner) => z.union([inner, z.null()]),
}

/** What a value of a written type must look like. A type that is not understood accepts everything. */
function schemaOfType(written: string): ZodType {
  const type = written.trim().replace(/^typing\./, '')
  const options = splitTop(type, '|')
  if (options.length > 1) return z.union(options.map(schemaOfType) as [ZodType, ZodType, ...ZodType[]])
  if (/^(["']).*\1$/.test(type)) return z.literal(type.slice(1, -1))
  const plain = Object.hasOwn(plainTypes, type) ? plainTypes[type] : undefined
  if (plain !== undefined) return plain()
  if (type.endsWith('[]')) return z.array(schemaOfType(type.slice(0, -2)))
  const generic = /^(?<name>\w+)[[<](?<inner>[\s\S]*)[\]>]$/.exec(type)?.groups
  if (generic === undefined) return z.unknown()
  const inner = splitTop(generic['inner'] ?? '', ',')
  if (generic['name'] === 'Literal') return literalSchema(inner)
  if (generic['name'] === 'Union') return z.union(inner.map(schemaOfType) as [ZodType, ZodType, ...ZodType[]])
  const make = Object.hasOwn(genericTypes, generic['name'] ?? '')
    ? genericTypes[generic['name'] ?? '']
    : undefined
  return make?.(schemaOfType(inner[0] ?? ''), schemaOfType(inner[1] ?? '')) ?? z.unknown()
}

function literalSchema(words: readonly string[]): ZodType {
  const values = words.map((word) =>
    /^-?\d+$/.test(word) ? Number(word) : word.replace(/^(["'])(.*)\1$/, '$2'),
  )
  return z.literal(values)
}

/** Splits at a sign that stands in no brackets or quotes. */
function splitTop(text: string, separator: string): string[] {
  const parts = ['']
  let depth = 0
  let quote = ''
  for (const sign of text) {
    if (quote !== '') quote = sign === quote ? '' : quote
    else if (sign === '"' || sign === "'") quote = sign
    else if ('[<({'.includes(sign)) depth += 1
    else if (']>)}'.includes(sign)) depth -= 1
    if (sign === separator && depth === 0 && quote === '') parts.push('')
    else parts[parts.length - 1] += sign
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

const schemas = new WeakMap<readonly FunctionArgument[], z.ZodObject>()

/** The arguments of a function as one object: unknown names are refused unless it takes any (`**more`). */
export function argumentsSchema(args: readonly FunctionArgument[]): z.ZodObject {
  const known = schemas.get(args)
  if (known !== undefined) return known
  const schema = buildSchema(args)
  schemas.set(args, schema)
  return schema
}

function buildSchema(args: readonly FunctionArgument[]): z.ZodObject {
  const named = args.filter(({ name }) => !name.startsWith('*'))
  const shape = Object.fromEntries(
    named.map(({ name, type, required }) => [
      name,
      required ? schemaOfType(type) : schemaOfType(type).optional(),
    ]),
  )
  return args.some(({ name }) => name.startsWith('**')) ? z.looseObject(shape) : z.strictObject(shape)
}

/** The same as JSON Schema, for callers. */
export function inputSchemaOf(args: readonly FunctionArgument[]): object {
  const { $schema: _, ...schema } = z.toJSONSchema(argumentsSchema(args), { unrepresentable: 'any' })
  return schema
}
