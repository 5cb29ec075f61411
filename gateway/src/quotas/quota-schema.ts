import { z } from 'zod'
import { countedDimensions, features, monthlyDimensions, type QuotaLimits } from './quota.ts'

const amount = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const numeric = [...countedDimensions, ...monthlyDimensions, 'route_calls_minute'] as const

const limitShape = {
  ...Object.fromEntries(numeric.map((dimension) => [dimension, amount.nullish()])),
  ...Object.fromEntries(features.map((feature) => [feature, z.boolean().nullish()])),
  retention_days: z.int().min(1).max(36_500).nullish(),
}

/** `null` and what is left out mean unlimited. A misspelt dimension would limit nothing, so unknown ones are refused. */
const limitsSchema = z.strictObject(limitShape).transform((limits) => {
  const set = Object.entries(limits).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(set) as QuotaLimits
})

export const quotaSchema = z.strictObject({
  plan: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[\x21-\x7e]+$/, 'use printable ASCII without spaces: it is sent as a header')
    .default('custom'),
  limits: limitsSchema,
})

/** The digest that `/key/generate` calls `token_id`. */
export const keyHashSchema = z.string().regex(/^[0-9a-f]{64}$/)
