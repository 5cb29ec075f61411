import { z } from 'zod'

/** What a guardrail makes of one text. */
export type Assessed =
  | { readonly kind: 'pass' }
  /** The text with what it hides replaced. */
  | { readonly kind: 'mask'; readonly text: string }
  | Blocked

export interface Blocked {
  readonly kind: 'block'
  /** What the guardrail says to users. */
  readonly message: string
  /** Why, without the words it found. */
  readonly policies: string
}

const answerSchema = z.looseObject({
  action: z.enum(['NONE', 'GUARDRAIL_INTERVENED']),
  outputs: z.array(z.looseObject({ text: z.string() })).default([]),
  assessments: z.array(z.record(z.string(), z.unknown())).default([]),
})
const findingSchema = z.looseObject({
  action: z.string(),
  type: z.string().optional(),
  name: z.string().optional(),
})

/**
 * Reads what ApplyGuardrail answers about one text. It intervenes by masking when all it found is to be anonymized; anything else blocks. Errors: throws an Error
 * for what is no such answer.
 */
export function readGuardrailAnswer(value: unknown): Assessed {
  const { action, outputs, assessments } = answerSchema.parse(value)
  if (action === 'NONE') return { kind: 'pass' }
  const findings = assessments.flatMap(listFindings).filter(({ action: taken }) => taken !== 'NONE')
  const text = outputs[0]?.text
  const isMasked = findings.length > 0 && findings.every(({ action: taken }) => taken === 'ANONYMIZED')
  if (isMasked && text !== undefined) return { kind: 'mask', text }
  const policies = findings.filter(({ action: taken }) => taken === 'BLOCKED').map(({ label }) => label)
  return {
    kind: 'block',
    message: text === undefined || text === '' ? 'A guardrail blocks this.' : text,
    policies: [...new Set(policies)].join(', '),
  }
}

interface Finding {
  readonly action: string
  /** The policy, and its topic, filter or kind of data. */
  readonly label: string
}

/** Every policy has lists of what it found: `{topicPolicy: {topics: [{name, type, action}]}}`. */
function listFindings(assessment: Readonly<Record<string, unknown>>): readonly Finding[] {
  return Object.entries(assessment).flatMap(([policy, lists]) =>
    typeof lists !== 'object' || lists === null
      ? []
      : Object.values(lists).flatMap((list: unknown) =>
          (Array.isArray(list) ? list : []).flatMap((one) => {
            const parsed = findingSchema.safeParse(one)
            if (!parsed.success) return []
            const { action, name, type } = parsed.data
            return { action, label: [policy, name ?? type].filter((word) => word !== undefined).join(' ') }
          }),
        ),
  )
}
