import { z } from 'zod'
import { calendarUnits } from '../calendar-window.ts'

const limitTypes = ['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests'] as const
const fixedPaths = new Set(['model', 'provider', 'route', 'api_key', 'user', 'team'])

const path = z
  .string()
  .refine(
    (text) => fixedPaths.has(text) || /^metadata\.[^.\s][^\s]{0,250}$/.test(text),
    'use model, provider, route, api_key, user, team or metadata.<name>',
  )
const globs = z.union([z.string(), z.array(z.string()).min(1)])

/** The members of a usage policy that may be sent. */
export const usagePolicyFields = {
  name: z.string().min(1).max(256),
  description: z.string().max(4_096).default(''),
  enabled: z.boolean().default(true),
  /** All must fit. */
  conditions: z.record(path, globs).default({}),
  /** Any that fits exempts. */
  exclusions: z.record(path, globs).default({}),
  /** Every combination of their values is counted apart. */
  group_by: z.array(path).max(8).default([]),
  limit_type: z.enum(limitTypes),
  limit_value: z.number(),
  limit_period: z.enum([...calendarUnits, 'none']),
  action: z.enum(['deny', 'log', 'alert']).default('deny'),
  alert_threshold: z.number().nullable().default(null),
  priority: z.number().default(100),
  workspace_id: z.string().min(1).max(256).nullable().default(null),
} as const

const policySchema = z.object(usagePolicyFields)

/** When somebody last set counters to zero: a number for all of them, and one for each group. */
const resetsSchema = z.object({
  all: z.number().default(0),
  groups: z.record(z.string(), z.number()).default({}),
})

export type UsagePolicyResets = z.infer<typeof resetsSchema>

/** One rule about use: what it concerns, what it counts, and what follows. */
export interface UsagePolicy extends z.infer<typeof policySchema> {
  readonly policy_id: string
  readonly resets: UsagePolicyResets
}

/** A policy as it is stored; null for what was not written by this program. */
export function readUsagePolicy(id: string, settings: Readonly<Record<string, unknown>>): UsagePolicy | null {
  const parsed = policySchema.safeParse(settings)
  if (!parsed.success) return null
  return { ...parsed.data, policy_id: id, resets: resetsSchema.parse(settings['resets'] ?? {}) }
}
