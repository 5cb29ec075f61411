import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'

type Validate = (args: unknown) => string | null

const ajv = new AjvJsonSchemaValidator()
const known = new WeakMap<object, Validate>()

/** What is wrong with the arguments of a tool by its JSON Schema, in words; null when nothing is. */
export function findArgumentProblem(schema: unknown, args: unknown): string | null {
  if (typeof schema !== 'object' || schema === null) return null
  const cached = known.get(schema)
  if (cached !== undefined) return cached(args)
  const validate = compile(schema)
  known.set(schema, validate)
  return validate(args)
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
