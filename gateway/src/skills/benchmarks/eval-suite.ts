import { GatewayError } from '@routeiq/contract'
import { parseDocument } from 'yaml'
import { z } from 'zod'

/** Larger files are no test suites. */
const maxEvalYamlBytes = 262_144
const maxCases = 200
const maxAliases = 100

const text = z.string().trim().min(1)
const validatorSchema = z.strictObject({
  cmd: text,
  expect_exit_code: z.int().default(0),
  label: text.optional(),
})
const setupSchema = z.union([
  z.array(z.string()),
  z.strictObject({
    files: z.record(text, z.string()).optional(),
    commands: z.array(z.string()).optional(),
  }),
])

const caseSchema = z
  .strictObject({
    name: text.max(200),
    prompt: text.max(32_000),
    expectations: z.array(text.max(2_000)).max(20).default([]),
    validators: z.array(validatorSchema).max(20).default([]),
    should_trigger: z.boolean().optional(),
    setup: setupSchema.optional(),
    tags: z.array(text).optional(),
    description: z.string().optional(),
    max_turns: z.int().min(1).optional(),
  })
  .refine(
    (entry) =>
      entry.expectations.length > 0 || entry.validators.length > 0 || entry.should_trigger !== undefined,
    'give `expectations`, `validators` or `should_trigger`, else there is nothing to check',
  )

const suiteSchema = z.strictObject({
  cases: z
    .array(caseSchema)
    .min(1)
    .max(maxCases)
    .refine((cases) => new Set(cases.map(({ name }) => name)).size === cases.length, 'names must differ'),
})

/** One case of an `eval.yaml`, in the format's own words. */
export type EvalCase = z.infer<typeof caseSchema>
export type EvalSuite = z.infer<typeof suiteSchema>

/**
 * Reads an `eval.yaml`: the format of the open "skillevaluation" specification, revision 2, one mapping with `cases`.
 * Unknown keys are refused, so that a misspelt `expectation` does not silently check nothing.
 * Errors: `validation_failed`, naming the case and the key.
 */
export function parseEvalSuite(source: string): EvalSuite {
  if (Buffer.byteLength(source) > maxEvalYamlBytes) throw refuse([], 'eval.yaml is larger than 256 KiB')
  const parsed = suiteSchema.safeParse(parseYaml(source))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refuse(issue?.path ?? [], z.prettifyError(parsed.error))
}

function parseYaml(source: string): unknown {
  const document = parseDocument(source, { schema: 'core', uniqueKeys: true })
  const [problem] = document.errors
  if (problem !== undefined) throw refuse([], `eval.yaml is no valid YAML: ${problem.message}`)
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (error) {
    throw refuse([], `eval.yaml is no valid YAML: ${(error as Error).message}`)
  }
}

function refuse(path: readonly PropertyKey[], message: string): GatewayError {
  const loc = ['eval.yaml', ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))]
  return new GatewayError('validation_failed', message, {
    extras: { issues: [{ type: 'eval_yaml', loc, msg: message }] },
  })
}
