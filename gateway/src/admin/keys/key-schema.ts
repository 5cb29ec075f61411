import { z } from 'zod'
import { bag, durationText, limitFields, names } from '../governance/limit-fields.ts'
import { addDuration, isDuration } from './key-duration.ts'

const longestMs = 1_000 * 365 * 86_400_000

const keyText = z
  .string()
  .startsWith('sk-', 'a key must start with sk-')
  .min(8, 'a key needs at least 8 characters')
  .max(512)
  .regex(/^[\x21-\x7e]+$/, 'a key may hold printable ASCII only')

const limitType = z.enum(['guaranteed_throughput', 'best_effort_throughput', 'dynamic']).nullish()

const fields = {
  ...limitFields,
  key_alias: z.string().min(1).max(256).nullish(),
  duration: durationText
    .refine(isWithinCenturies, 'use at most 1000 years, or leave it out for a key that never expires')
    .nullish(),
  user_id: z.string().min(1).nullish(),
  team_id: z.string().min(1).nullish(),
  organization_id: z.string().min(1).nullish(),
  models: names.nullish(),
  aliases: z.record(z.string(), z.string()).nullish(),
  auto_rotate: z.boolean().nullish(),
  rotation_interval: durationText.nullish(),
  allowed_routes: names.nullish(),
  allowed_passthrough_routes: names.nullish(),
  tags: names.nullish(),
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
  rpm_limit_type: limitType,
  tpm_limit_type: limitType,
  key_type: z.enum(['llm_api', 'management', 'read_only', 'default']).nullish(),
} as const

/**
 * The body of `/key/generate`. Fields the gateway acts on are checked; the others (guardrails, …) are stored as sent, for
 * the features that read them.
 */
export const generateKeySchema = z.looseObject({ ...fields, key: keyText.nullish() })

/** The same fields for a key that exists, named by itself or its digest. */
export const updateKeySchema = z.looseObject({
  ...fields,
  key: z.string().min(1),
  temp_budget_increase: z.number().min(0).nullish(),
  temp_budget_expiry: z.string().refine(isTime, 'use a time such as 2026-12-31T00:00:00Z').nullish(),
})

export type GenerateKeyBody = z.infer<typeof generateKeySchema>
export type UpdateKeyBody = z.infer<typeof updateKeySchema>

/** What a key may be changed to while it gets a new text. */
export const regenerateKeySchema = z.looseObject({
  ...fields,
  key: z.string().min(1).nullish(),
  new_key: keyText.nullish(),
  grace_period: durationText.nullish(),
})

export type RegenerateKeyBody = z.infer<typeof regenerateKeySchema>

export const selectKeysSchema = z
  .object({ keys: names.nullish(), key_aliases: names.nullish() })
  .refine((body) => (body.keys == null) !== (body.key_aliases == null), 'give either `keys` or `key_aliases`')

export const oneKeySchema = z.object({ key: z.string().min(1) })
export const manyKeysSchema = z.object({ keys: names.min(1).max(1_000) })
export const bulkUpdateSchema = z.object({ keys: z.array(z.unknown()).min(1).max(1_000) })
export const resetSpendSchema = z.object({
  reset_to: z.number().min(0).nullish(),
  spend: z.number().min(0).nullish(),
})
export const emptySchema = z.looseObject({})

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}

/** Later times have no form a database or a client would read. */
function isWithinCenturies(duration: string): boolean {
  return !isDuration(duration) || addDuration(0, duration) <= longestMs
}
