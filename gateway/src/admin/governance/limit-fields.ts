import { z } from 'zod'
import { isDuration } from '../keys/key-duration.ts'

const amount = z.number().min(0, 'use a number of at least 0')
const count = z.int('use a whole number').min(0, 'use a whole number of at least 0')
export const names = z.array(z.string().min(1))
export const bag = z.record(z.string(), z.unknown())
export const id = z.string().min(1).max(256)
export const durationText = z
  .string()
  .refine(isDuration, 'use a number and a unit: 30s, 15m, 12h, 30d, 2w or 1mo')

const modelBudget = z.union([
  amount,
  z.looseObject({
    budget_limit: amount.nullish(),
    max_budget: amount.nullish(),
    time_period: durationText.nullish(),
    budget_duration: durationText.nullish(),
  }),
])

/** What may limit a key, a user, a team and all the others. */
export const limitFields = {
  max_budget: amount.nullish(),
  soft_budget: amount.nullish(),
  budget_duration: durationText.nullish(),
  budget_id: id.nullish(),
  budget_limits: z
    .array(z.looseObject({ max_budget: amount, budget_duration: durationText.nullish() }))
    .nullish(),
  model_max_budget: z.record(z.string(), modelBudget).nullish(),
  tpm_limit: count.nullish(),
  rpm_limit: count.nullish(),
  max_parallel_requests: count.nullish(),
  model_rpm_limit: z.record(z.string(), count).nullish(),
  model_tpm_limit: z.record(z.string(), count).nullish(),
  spend: amount.nullish(),
} as const
