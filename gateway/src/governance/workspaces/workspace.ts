import { z } from 'zod'
import type { SubjectRecord } from '../../storage/subject-store.ts'

const globs = z.array(z.string().min(1).max(512)).max(10_000)
const amount = z.number().min(0).nullable()
const count = z.int().min(0).nullable()

/** What a workspace holds its keys to, as it is sent and stored. */
export const workspaceFields = {
  allowed_models: globs.default([]),
  blocked_models: globs.default([]),
  max_budget_usd: amount.default(null),
  budget_alert_threshold: z.number().gt(0).max(1).default(0.8),
  max_rpm: count.default(null),
  max_tpm: count.default(null),
  default_routing_profile: z.enum(['auto', 'eco', 'premium', 'free', 'reasoning']).nullable().default(null),
} as const

/** What is asked, and of whom: grants and limits are held against what the request says. */
const ofRequests = new Set([
  'model',
  'stream',
  'messages',
  'input',
  'prompt',
  'fallbacks',
  'metadata',
  'user',
])
const periods = ['daily', 'weekly', 'monthly', 'total'] as const

/** What one key is held to beside its own fields. */
export const keyGovernanceFields = {
  workspace_id: z.string().min(1).max(256).nullable().default(null),
  /** Null where nobody has given any, and nothing is refused. */
  scopes: z.array(z.string().min(1)).min(1).nullable().default(null),
  max_budget_usd: amount.default(null),
  budget_period: z.enum(periods).default('monthly'),
  max_rpm: count.default(null),
  max_tpm: count.default(null),
  allowed_models: globs.default([]),
  /** Members that requests are given. */
  enforced_config: z
    .record(z.string(), z.unknown())
    .refine((config) => !Object.keys(config).some((name) => ofRequests.has(name)), {
      message: `only the request itself may say ${[...ofRequests].join(', ')}`,
    })
    .default({}),
  /** Requests may say otherwise. */
  config_override_allowed: z.boolean().default(true),
  metadata: z.record(z.string(), z.unknown()).default({}),
} as const

const workspaceSchema = z.object(workspaceFields)
const keyGovernanceSchema = z.object(keyGovernanceFields)

export type WorkspaceRules = z.infer<typeof workspaceSchema>
type KeyGovernance = z.infer<typeof keyGovernanceSchema>
export type BudgetSpan = (typeof periods)[number]

/** The member of a key's settings that holds its governance. */
export const keyGovernanceMember = 'key_governance'

/** Where a key's governance begins to count. */
const startMember = 'governed_at'

export interface StoredKeyGovernance extends KeyGovernance {
  /** Epoch milliseconds of the first record. */
  readonly governedAt: number
}

export function readWorkspace({ settings }: Pick<SubjectRecord, 'settings'>): WorkspaceRules {
  return workspaceSchema.parse(settings)
}

/** The governance in a key's settings; null for a key without. */
export function readKeyGovernance(settings: Readonly<Record<string, unknown>>): StoredKeyGovernance | null {
  const stored = settings[keyGovernanceMember]
  if (typeof stored !== 'object' || stored === null) return null
  const parsed = keyGovernanceSchema.safeParse(stored)
  const startedAt = (stored as Readonly<Record<string, unknown>>)[startMember]
  return parsed.success ? { ...parsed.data, governedAt: typeof startedAt === 'number' ? startedAt : 0 } : null
}

/** What is stored with a key. */
export function writeKeyGovernance({ governedAt, ...fields }: StoredKeyGovernance): object {
  return { [keyGovernanceMember]: { ...fields, [startMember]: governedAt } }
}
