import type { CurrentSpend } from '../../governance/current-spend.ts'
import { keyGovernanceMember } from '../../governance/workspaces/workspace.ts'
import type { KeyRecord } from '../../storage/key-store.ts'

/** What a row always has, also where nothing was given. */
const absent = {
  max_budget: null,
  soft_budget: null,
  budget_duration: null,
  budget_id: null,
  tpm_limit: null,
  rpm_limit: null,
  max_parallel_requests: null,
  model_max_budget: {},
  permissions: {},
  config: {},
  guardrails: null,
  key_type: null,
}

/** What the gateway itself notes in a key's settings; nobody can send it. */
const notes: ReadonlySet<string> = new Set([
  'former_hashes',
  'last_rotation_at',
  'rotation_count',
  'minted_by',
  'minted_from',
  'minted_hashes',
  'spend_set_at',
  keyGovernanceMember,
])

/** Settings as they were sent, and these notes. */
export function withoutNotes(
  settings: Readonly<Record<string, unknown>>,
  kept: readonly string[] = [],
): Record<string, unknown> {
  const isSent = ([name]: [string, unknown]): boolean => !notes.has(name) || kept.includes(name)
  return Object.fromEntries(Object.entries(settings).filter(isSent))
}

/** A stored key as the management routes show it; never the key itself. Times are ISO 8601. */
export function formatKeyRow(record: KeyRecord, current: CurrentSpend): Record<string, unknown> {
  return {
    ...absent,
    ...withoutNotes(record.settings, ['minted_by', 'last_rotation_at', 'rotation_count']),
    token: record.tokenHash,
    key_name: record.keyName,
    key_alias: record.keyAlias,
    user_id: record.userId,
    team_id: record.teamId,
    organization_id: record.organizationId,
    models: record.models,
    aliases: record.aliases,
    allowed_routes: record.allowedRoutes,
    tags: record.tags,
    metadata: record.metadata,
    blocked: record.blocked,
    spend: current.spend,
    budget_reset_at: toIso(current.resetsAt),
    expires: toIso(record.expiresAt),
    created_by: record.createdBy,
    created_at: toIso(record.createdAt),
    updated_at: toIso(record.updatedAt),
  }
}

const toIso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())
