import { z } from 'zod'
import type { GovernanceConfig, KeyGenerationConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** Budgets and limits of the gateway as a whole, and how limits are counted. */
export function readGovernanceConfig({
  general,
  litellm,
  settings,
  report,
}: ConfigSections): GovernanceConfig {
  const counted = general.text('token_rate_limit_type') ?? litellm.text('token_rate_limit_type') ?? 'total'
  return {
    maxBudgetUsd: litellm.amount('max_budget'),
    budgetDuration: litellm.text('budget_duration'),
    maxEndUserBudgetUsd: litellm.amount('max_end_user_budget'),
    timezone: readTimezone(litellm.text('timezone'), report),
    windowMs: Math.max(1, settings.number('process.rate_limit_window')) * 1_000,
    countedTokens: counted === 'input' || counted === 'output' ? counted : 'total',
    enforcesUser: general.boolean('enforce_user_param') ?? false,
    endUserHeaders: readEndUserHeaders(general, report),
    hasSelfService: settings.boolean('api_surfaces.self_service_keys_enabled'),
    hasSpendReports: settings.boolean('api_surfaces.persisted_spend_enabled'),
    managesByRole: settings.boolean('management.rbac_enabled'),
    keyGeneration: readKeyGeneration(litellm.record('key_generation_settings'), report),
    keyDefaults: litellm.record('default_key_generate_params'),
    keyRotation: readKeyRotation(settings, report),
    keyUpperBounds: litellm.record('upperbound_key_generate_params'),
    userDefaults: litellm.record('default_internal_user_params'),
    teamDefaults: litellm.record('default_team_params'),
    spendRetentionMs: readRetention(general.text('maximum_spend_logs_retention_period'), report),
    bannedModels: settings.list('governance.banned_models'),
    hasUsagePolicies: settings.boolean('process.usage_policies_enabled'),
    countsWorkspaces: settings.boolean('process.governance_spend_tracking'),
    failsClosed: settings.text('governance.fail_mode') === 'closed',
  }
}

/** Of `user_header_mappings` those for customers, then `user_header_name`. */
function readEndUserHeaders(
  general: ConfigSections['general'],
  report: ConfigSections['report'],
): readonly string[] {
  const mappings = general.list('user_header_mappings').flatMap((mapping) => {
    const parsed = mappingSchema.safeParse(mapping)
    if (parsed.success && parsed.data.litellm_user_role === 'customer') return parsed.data.header_name
    report.warn(
      ['general_settings', 'user_header_mappings'],
      parsed.success
        ? `a header says nothing about who calls: ${parsed.data.header_name} is not taken for the user of a key`
        : 'an entry should have header_name and litellm_user_role',
      'use litellm_user_role: customer',
    )
    return []
  })
  const name = general.text('user_header_name')
  return [...mappings, ...(name === null ? [] : [name])].map((header) => header.toLowerCase())
}

const names = z.array(z.string())
const generationSchema = z.object({
  team_key_generation: z
    .object({ allowed_team_member_roles: names.nullish(), required_params: names.nullish() })
    .nullish(),
  personal_key_generation: z
    .object({ allowed_user_roles: names.nullish(), required_params: names.nullish() })
    .nullish(),
})

/** What cannot be read is no reason to let everybody: admins alone make keys then. */
function readKeyGeneration(
  written: Readonly<Record<string, unknown>>,
  report: ConfigSections['report'],
): KeyGenerationConfig {
  const parsed = generationSchema.safeParse(written)
  if (!parsed.success) {
    report.warn(
      ['litellm_settings', 'key_generation_settings'],
      'these rules cannot be read, so admins alone make keys',
      z.prettifyError(parsed.error),
    )
    const nobody = { roles: [], requiredParams: [] }
    return { team: nobody, personal: nobody }
  }
  const { team_key_generation: team, personal_key_generation: personal } = parsed.data
  return {
    team: { roles: team?.allowed_team_member_roles ?? null, requiredParams: team?.required_params ?? [] },
    personal: {
      roles: personal?.allowed_user_roles ?? null,
      requiredParams: personal?.required_params ?? [],
    },
  }
}

const mappingSchema = z.object({ header_name: z.string().min(1), litellm_user_role: z.string() })

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 2_678_400_000,
}

function readRetention(text: string | null, report: ConfigSections['report']): number | null {
  if (text === null) return null
  const [, amount, unit = ''] = /^(\d+)(s|m|h|d|w|mo)$/.exec(text) ?? []
  if (amount !== undefined) return Number(amount) * (unitMs[unit] ?? 0)
  report.warn(
    ['general_settings', 'maximum_spend_logs_retention_period'],
    'this should be a number and a unit; rows are kept for ever',
    'for example 90d',
  )
  return null
}

function readTimezone(name: string | null, report: ConfigSections['report']): string {
  if (name === null) return 'UTC'
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return name
  } catch {
    report.warn(
      ['litellm_settings', 'timezone'],
      `${name} is no time zone this system knows; budgets use UTC`,
      'use a name such as Europe/Berlin',
    )
    return 'UTC'
  }
}

function readKeyRotation(
  settings: ConfigSections['settings'],
  report: ConfigSections['report'],
): GovernanceConfig['keyRotation'] {
  const name = 'LITELLM_KEY_ROTATION_GRACE_PERIOD'
  const gracePeriod = settings.text('management.key_rotation_grace_period') ?? '7d'
  if (!/^\d+(?:s|m|h|d|w|mo)$/.test(gracePeriod))
    report.fatal(name, `${gracePeriod} is no duration`, 'for example 24h or 7d')
  return {
    isEnabled: settings.boolean('management.key_rotation_enabled'),
    interval: `${Math.max(1, settings.number('management.key_rotation_max_age_seconds'))}s`,
    gracePeriod,
  }
}
