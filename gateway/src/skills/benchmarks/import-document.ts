import { z } from 'zod'
import type { CaseRecord } from './aggregate-run.ts'
import { outcomes } from './outcome.ts'

const count = z.int().min(0).default(0)
const armSchema = z.object({
  passed: z.boolean(),
  task_attempted: z.boolean(),
  errored: z.boolean(),
  duration_ms: count,
  turns: count,
  total_tokens: count,
  tool_call_count: count,
})

/**
 * The `results.json` of a local run, format `skillevaluation/test-run-result@v1`. Its own sums are not read: they are
 * made again from the cases.
 */
export const resultDocumentSchema = z.object({
  format: z.literal('skillevaluation/test-run-result@v1').optional(),
  runs: z.int().min(1).max(100).default(1),
  model: z.string().max(200).optional(),
  runner: z.record(z.string(), z.unknown()).optional(),
  cases: z
    .array(
      z.object({
        case_name: z.string().trim().min(1).max(200),
        outcome: z.enum(outcomes),
        with_skill: armSchema.nullish(),
        without_skill: armSchema.nullish(),
      }),
    )
    .min(1)
    .max(2_000),
})

export type ResultDocument = z.infer<typeof resultDocumentSchema>

/**
 * The cases of a document that the skill's own suite has, and the names of those it does not. A skill without a suite
 * has no say.
 */
export function selectImported(
  { cases }: ResultDocument,
  known: ReadonlySet<string> | null,
): { records: readonly CaseRecord[]; skipped: readonly string[] } {
  const isKnown = ({ case_name }: { case_name: string }): boolean => known === null || known.has(case_name)
  return {
    records: cases.filter(isKnown).map((entry) => ({
      case_name: entry.case_name,
      outcome: entry.outcome,
      with_skill: entry.with_skill ?? null,
      without_skill: entry.without_skill ?? null,
    })),
    skipped: cases.filter((entry) => !isKnown(entry)).map(({ case_name }) => case_name),
  }
}
