import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'

type Validate = (args: unknown) => string | null

const ajv = new AjvJsonSchemaValidator()
const known = new WeakMap<object, Validate>()

/**
 * What is wrong with the arguments of a tool by its JSON Schema, in words; null when nothing is. Models write null for what
 * they leave out, so a null is no problem where the argument need not be there.
 */
export function findArgumentProblem(schema: unknown, args: unknown): string | null {
  if (typeof schema !== 'object' || schema === null) return null
  const cached = known.get(schema)
  const validate = cached ?? compile(schema)
  if (cached === undefined) known.set(schema, validate)
  const problem = validate(args)
  return problem === null || !hasNulls(args) ? problem : validate(withoutNulls(args))
}

function hasNulls(args: unknown): args is Record<string, unknown> {
  return typeof args === 'object' && args !== null && Object.values(args).includes(null)
}

function withoutNulls(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
}

/** A schema that cannot be compiled checks nothing: its server does. */
function compile(schema: object): Validate {
  try {
    const validator = ajv.getValidator(schema as Parameters<typeof ajv.getValidator>[0])
    return (args) => {
      const { valid, errorMessage } = validator(args)
      return valid ? null : (errorMessage ?? 'they do not match the schema')
    }
  } catch {
    return () => null
  }
}
