import type { KeyRecord } from '../key-store.ts'
import type { MembershipRecord, SubjectKind, SubjectRecord } from '../subject-store.ts'
import {
  type BudgetRow,
  type CustomerRow,
  type KeyRow,
  memberSchema,
  type OrganizationRow,
  type TagRow,
  type TeamRow,
  type UserRow,
} from './litellm-rows.ts'

type Fields = Readonly<Record<string, unknown>>

/** What rows refer to by an id and is kept with them here. */
export interface References {
  readonly permissions: ReadonlyMap<string, Fields>
  readonly aliases: ReadonlyMap<number, Fields>
  readonly budgets: ReadonlyMap<string, BudgetRow>
  /** Epoch milliseconds. */
  readonly now: number
  /** Hears of a column or member with a value that has no place here. */
  readonly onLeft: (kind: string, column: string) => void
}

/** Columns that become settings by their own name. */
const settingColumns: ReadonlySet<string> = new Set([
  ...['max_budget', 'soft_budget', 'budget_duration', 'budget_id', 'budget_limits', 'model_max_budget'],
  ...['temp_budget_increase', 'temp_budget_expiry', 'tpm_limit', 'rpm_limit', 'max_parallel_requests'],
  ...['permissions', 'config', 'router_settings', 'allowed_cache_controls', 'key_type', 'policies'],
  ...[
    'access_group_ids',
    'agent_id',
    'project_id',
    'auto_rotate',
    'rotation_interval',
    'user_email',
    'user_role',
  ],
  ...['team_member_permissions', 'default_model', 'allowed_model_region', 'description'],
])
/** Members LiteLLM keeps in `metadata` and takes as fields of their own. */
const liftedMembers = [
  ...['model_rpm_limit', 'model_tpm_limit', 'rpm_limit_type', 'tpm_limit_type', 'guardrails', 'prompts'],
  ...['enforced_params', 'allowed_passthrough_routes', 'temp_budget_increase', 'temp_budget_expiry'],
]
/** What LiteLLM keeps for itself: sums and clocks that are counted anew, and who changed a row last. */
const housekeeping = new Set([
  ...['updated_at', 'updated_by', 'settings_updated_at', 'budget_reset_at', 'model_spend', 'total_spend'],
  ...['last_active', 'rotation_count', 'last_rotation_at', 'key_rotation_at', 'soft_budget_cooldown'],
  ...['last_breach_check_at', 'model_info'],
])

export function convertBudget(row: BudgetRow, references: References): SubjectRecord {
  const { budget_id, created_at, created_by, spend: _, ...columns } = row
  return {
    ...subjectOf('budget', budget_id, row, references),
    settings: readSettings('budgets', { ...columns, budget_id: null }, null, references),
  }
}

export function convertOrganization(row: OrganizationRow, references: References): SubjectRecord {
  const { organization_id, organization_alias, models, metadata, created_at, created_by, ...columns } = row
  return {
    ...subjectOf('organization', organization_id, row, references),
    ...{ alias: organization_alias ?? null, models: models ?? [], metadata: metadata ?? {} },
    settings: readSettings('organizations', columns, null, references),
  }
}

export function convertTeam(row: TeamRow, references: References): SubjectRecord {
  const { team_id, team_alias, organization_id, models, metadata, blocked, model_id, ...rest } = row
  const { admins, members, members_with_roles, created_at, created_by, ...columns } = rest
  const { team_member_budget_id: memberBudget, ...own } = metadata ?? {}
  const { kept, lifted } = liftMembers(own)
  const aliases = model_id == null ? null : (references.aliases.get(model_id)?.['aliases'] ?? null)
  return {
    ...subjectOf('team', team_id, row, references),
    ...{ alias: team_alias ?? null, organizationId: organization_id ?? null, blocked: blocked ?? false },
    ...{ models: models ?? [], metadata: kept },
    settings: {
      ...readSettings('teams', columns, lifted, references),
      ...(aliases !== null && { model_aliases: aliases }),
      ...(typeof memberBudget === 'string' && memberLimits(references.budgets.get(memberBudget))),
    },
  }
}

export function convertUser(row: UserRow, references: References): SubjectRecord {
  const {
    user_id,
    user_alias,
    organization_id,
    models,
    metadata,
    teams,
    created_at,
    created_by,
    ...columns
  } = row
  const { kept, lifted } = liftMembers(metadata ?? {})
  // The one team of long ago, which keys of their own name instead.
  const { team_id: _, ...own } = columns
  return {
    ...subjectOf('user', user_id, row, references),
    ...{ alias: user_alias ?? null, organizationId: organization_id ?? null },
    ...{ models: models ?? [], metadata: kept },
    settings: readSettings('users', own, lifted, references),
  }
}

export function convertCustomer(row: CustomerRow, references: References): SubjectRecord {
  const { user_id, alias, models, blocked, created_at, created_by, ...columns } = row
  return {
    ...subjectOf('customer', user_id, row, references),
    ...{ alias: alias ?? null, models: models ?? [], blocked: blocked ?? false },
    settings: readSettings('customers', columns, null, references),
  }
}

export function convertTag(row: TagRow, references: References): SubjectRecord {
  const { tag_name, models, created_at, created_by, ...columns } = row
  return {
    ...subjectOf('tag', tag_name, row, references),
    models: models ?? [],
    settings: readSettings('tags', columns, null, references),
  }
}

export function convertKey(row: KeyRow, references: References): KeyRecord {
  const { token, key_name, key_alias, expires, user_id, team_id, organization_id, ...rest } = row
  const { models, aliases, allowed_routes, metadata, blocked, created_at, created_by, ...columns } = rest
  const { tags, ...own } = metadata ?? {}
  const { kept, lifted } = liftMembers(own)
  return {
    tokenHash: token,
    keyName: key_name ?? 'sk-...',
    keyAlias: key_alias ?? null,
    ...{ userId: user_id ?? null, teamId: team_id ?? null, organizationId: organization_id ?? null },
    ...{ models: models ?? [], aliases: aliases ?? {}, allowedRoutes: allowed_routes ?? [] },
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
    metadata: kept,
    blocked: blocked ?? false,
    expiresAt: expires ?? null,
    createdAt: created_at ?? references.now,
    createdBy: created_by ?? null,
    updatedAt: references.now,
    settings: readSettings('keys', columns, lifted, references),
  }
}

/** Everybody a team has, wherever its row, its members' rows or the table between them say so. */
export function listTeamMembers({
  members_with_roles,
  admins,
  members,
}: TeamRow): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const listed = Array.isArray(members_with_roles) ? members_with_roles : []
  for (const one of listed) {
    const { user_id, role } = memberSchema.safeParse(one).data ?? {}
    if (user_id != null) found.set(user_id, role === 'admin' ? 'admin' : 'user')
  }
  for (const userId of members ?? []) if (!found.has(userId)) found.set(userId, 'user')
  for (const userId of admins ?? []) found.set(userId, 'admin')
  return found
}

/** A place in a team or an organization. What was spent in it so far counts on. */
export function convertMembership(
  place: Pick<MembershipRecord, 'kind' | 'groupId' | 'userId' | 'role'>,
  row: {
    budget_id?: string | null | undefined
    spend?: number | null | undefined
    created_at?: number | null | undefined
  },
  { now }: References,
): MembershipRecord {
  return {
    ...place,
    settings: { ...(row.budget_id != null && { budget_id: row.budget_id }), ...spendOf(row.spend, now) },
    createdAt: row.created_at ?? now,
    updatedAt: now,
  }
}

function subjectOf(
  kind: SubjectKind,
  id: string,
  row: { created_at?: number | null | undefined; created_by?: string | null | undefined },
  { now }: References,
): SubjectRecord {
  return {
    ...{
      kind,
      id,
      alias: null,
      organizationId: null,
      blocked: false,
      models: [],
      metadata: {},
      settings: {},
    },
    ...{ createdAt: row.created_at ?? now, createdBy: row.created_by ?? null, updatedAt: now },
  }
}

function readSettings(
  kind: string,
  { spend, object_permission_id, ...columns }: Fields,
  lifted: Fields | null,
  { permissions, now, onLeft }: References,
): Fields {
  const settings: Record<string, unknown> = { ...lifted, ...spendOf(spend, now) }
  for (const [column, value] of Object.entries(columns)) {
    if (isEmpty(value) || housekeeping.has(column)) continue
    if (settingColumns.has(column)) settings[column] = value
    else onLeft(kind, column)
  }
  const permission = permissions.get(String(object_permission_id))
  if (permission !== undefined) settings['object_permission'] = permission
  return settings
}

/** What was spent before counts on top of what the ledger will say. */
function spendOf(spend: unknown, now: number): Fields {
  return typeof spend === 'number' && spend > 0 ? { spend, spend_set_at: now } : {}
}

function liftMembers(metadata: Fields): { readonly kept: Fields; readonly lifted: Fields } {
  const isLifted = ([name, value]: [string, unknown]): boolean =>
    liftedMembers.includes(name) && !isEmpty(value)
  const entries = Object.entries(metadata)
  return {
    lifted: Object.fromEntries(entries.filter(isLifted)),
    kept: Object.fromEntries(entries.filter(([name]) => !liftedMembers.includes(name))),
  }
}

/** What each member of a team may use, where the team says so. */
function memberLimits(budget: BudgetRow | undefined): Fields {
  if (budget === undefined) return {}
  const limits = {
    team_member_budget: budget['max_budget'],
    team_member_budget_duration: budget['budget_duration'],
    team_member_rpm_limit: budget['rpm_limit'],
    team_member_tpm_limit: budget['tpm_limit'],
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value != null))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
