import type { GovernanceConfig } from '../config.ts'
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
    hasSelfService: settings.boolean('api_surfaces.self_service_keys_enabled'),
    managesByRole: settings.boolean('management.rbac_enabled'),
    keyDefaults: litellm.record('default_key_generate_params'),
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
