import { z } from 'zod'
import { addDuration, isDuration } from './key-duration.ts'

const longestMs = 1_000 * 365 * 86_400_000
const names = z.array(z.string().min(1))
const bag = z.record(z.string(), z.unknown())

/**
 * The body of `/key/generate`. Fields the gateway acts on are checked; the others (budgets, limits, guardrails …)
 * are stored as sent, for the features that read them.
 */
export const generateKeySchema = z.looseObject({
  key: z
    .string()
    .startsWith('sk-', 'a key must start with sk-')
    .min(8, 'a key needs at least 8 characters')
    .max(512)
    .regex(/^[\x21-\x7e]+$/, 'a key may hold printable ASCII only')
    .nullish(),
  key_alias: z.string().min(1).max(256).nullish(),
  duration: z
    .string()
    .refine(isDuration, 'use a number and a unit: 30s, 15m, 12h, 30d, 2w or 1mo')
    .refine(isWithinCenturies, 'use at most 1000 years, or leave it out for a key that never expires')
    .nullish(),
  user_id: z.string().min(1).nullish(),
  team_id: z.string().min(1).nullish(),
  organization_id: z.string().min(1).nullish(),
  models: names.nullish(),
  aliases: z.record(z.string(), z.string()).nullish(),
  allowed_routes: names.nullish(),
  tags: names.nullish(),
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
})

export type GenerateKeyBody = z.infer<typeof generateKeySchema>

export const selectKeysSchema = z
  .object({ keys: names.optional(), key_aliases: names.optional() })
  .refine(
    (body) => (body.keys === undefined) !== (body.key_aliases === undefined),
    'give either `keys` or `key_aliases`',
  )

export const oneKeySchema = z.object({ key: z.string().min(1) })

/** Later times have no form a database or a client would read. */
function isWithinCenturies(duration: string): boolean {
  return !isDuration(duration) || addDuration(0, duration) <= longestMs
}
