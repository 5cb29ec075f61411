import type { KeyPrincipal, KeyRecord } from '../storage/key-store.ts'
import type { SpenderKind } from '../storage/spend-totals.ts'
import type { SubjectRecord } from '../storage/subject-store.ts'
import { toNanoUsd } from './nano-usd.ts'
import { readKeyGovernance } from './workspaces/workspace.ts'
import { governedAllowances, workspaceAllowances } from './workspaces/workspace-allowances.ts'

/** What LiteLLM calls those whose rates are limited; part of the text of a refusal. */
type Descriptor =
  | 'api_key'
  | 'user'
  | 'team'
  | 'team_member'
  | 'end_user'
  | 'model_per_key'
  | 'organization'
  | 'tag'
  | 'workspace'
  | 'key_governance'

/** How much somebody may do in a window, and at the same time; null for no limit. */
export interface RateRule {
  readonly descriptor: Descriptor
  readonly id: string
  /** The id as a refusal may show it. */
  readonly shown: string
  /** Only for this model group; null for all. */
  readonly model: string | null
  readonly requests: number | null
  readonly tokens: number | null
  readonly parallel: number | null
  /** What may go beyond its limit while the model's providers do not complain. */
  readonly dynamic: readonly ('requests' | 'tokens')[]
}

/** How much somebody may spend in a period. */
export interface BudgetRule {
  readonly scope: SpenderKind
  readonly id: string
  /** Under which names the ledger has it: a key that got a new text has several, and those made with it are its own, too. */
  readonly spenders: readonly string[]
  readonly model: string | null
  /** Nano-USD; null for a budget that only warns. */
  readonly max: number | null
  /** Nano-USD from which on somebody should be warned. */
  readonly soft: number | null
  readonly duration: string | null
  readonly createdAt: number
  /** Spend as it was set by hand: what is spent counts from then on, on top of it. */
  readonly base: { readonly at: number; readonly spent: number } | null
  /** More than `max` for a while. */
  readonly increase: { readonly amount: number; readonly until: number } | null
}

export interface Allowances {
  readonly rates: readonly RateRule[]
  readonly budgets: readonly BudgetRule[]
}

export const noAllowances: Allowances = { rates: [], budgets: [] }

type Settings = Readonly<Record<string, unknown>>

/**
 * Everything that limits a key, from its own row and those of whoever it belongs to. A key of a team is charged to the
 * team, its member and its organization, not to the user's own budget. A key that was made with another one is charged to
 * that one as well.
 */
export function compileAllowances(principal: KeyPrincipal): Allowances {
  const { key, makers, user, team, member, organization, workspace } = principal
  const parts = [
    ...[key, ...makers].flatMap((one) => keyLimits(one, principal)),
    team === null
      ? noAllowances
      : limitsOf('team', 'team', named(team), withBudget(team.settings, principal)),
    memberLimits(principal),
    organization === null
      ? noAllowances
      : limitsOf(
          'organization',
          'organization',
          named(organization),
          withBudget(organization.settings, principal),
        ),
    user === null ? noAllowances : userLimits(user, team !== null || member !== null, principal),
    workspace === null ? noAllowances : workspaceAllowances(workspace),
    ...[key, ...makers].map(keyGovernance),
  ]
  const rates = parts.flatMap((part) => part.rates)
  const budgets = parts.flatMap((part) => part.budgets)
  return rates.length + budgets.length === 0 ? noAllowances : { rates, budgets }
}

/** The budget of somebody as its settings say, whether or not it limits anything: what its spend is counted by. */
export function mainBudget(
  scope: SpenderKind,
  id: string,
  createdAt: number,
  settings: Settings,
): BudgetRule {
  return {
    ...plainBudget(scope, id, createdAt, spendersOf(id, settings)),
    base: readBase(settings),
    max: readUsd(settings['max_budget']),
    duration: readText(settings['budget_duration']),
  }
}

/** The limits of a customer or a tag. `shared` is the budget it refers to. */
export function subjectAllowances(subject: SubjectRecord, shared: SubjectRecord | null): Allowances {
  const settings = shared === null ? subject.settings : withDefaults(subject.settings, shared.settings)
  return subject.kind === 'tag'
    ? limitsOf('tag', 'tag', named(subject), settings)
    : limitsOf('end_user', 'customer', named(subject), settings)
}

/** A budget of the operator for everything, or null. */
export function proxyBudget(maxUsd: number | null, duration: string | null): BudgetRule | null {
  if (maxUsd === null) return null
  return { ...plainBudget('proxy', '', 0), max: toNanoUsd(maxUsd), duration }
}

/** What a caller of the gateway's own may spend a day, counted under the name of a key it does not have. */
export function dailyAllowance(keyHash: string, maxUsd: number): Allowances {
  const budget = { ...plainBudget('key', keyHash, 0, [keyHash]), max: toNanoUsd(maxUsd), duration: '1d' }
  return { rates: [], budgets: [budget] }
}

/** The budget of a customer nobody has made. */
export function defaultCustomerBudget(id: string, maxUsd: number): BudgetRule {
  return { ...plainBudget('customer', id, 0), max: toNanoUsd(maxUsd) }
}

function keyLimits(key: KeyRecord, principal: KeyPrincipal): Allowances[] {
  const of = nameKey(key)
  const settings = withBudget(key.settings, principal)
  return [limitsOf('api_key', 'key', of, settings), modelLimits(of, settings)]
}

function keyGovernance(key: KeyRecord): Allowances {
  const governance = readKeyGovernance(key.settings)
  if (governance === null) return noAllowances
  const of = nameKey(key)
  return governedAllowances(governance, { ...of, spenders: of.ids })
}

/** The name under which a key's use is counted, whatever text it has had since. */
export function accountOfKey({ tokenHash, settings }: KeyRecord): string {
  return readTexts(settings['former_hashes'])[0] ?? tokenHash
}

function nameKey(key: KeyRecord): Named {
  const { tokenHash, settings, keyName: shown, createdAt } = key
  return { id: accountOfKey(key), ids: spendersOf(tokenHash, settings), shown, createdAt }
}

/** Accounts: what was spent under their later digests is found by them. */
function spendersOf(id: string, settings: Settings): readonly string[] {
  return [readTexts(settings['former_hashes'])[0] ?? id, ...readTexts(settings['minted_hashes'])]
}

function userLimits(user: SubjectRecord, isInTeam: boolean, principal: KeyPrincipal): Allowances {
  const { rates, budgets } = limitsOf('user', 'personal', named(user), withBudget(user.settings, principal))
  return { rates, budgets: isInTeam ? [] : budgets }
}

function memberLimits({ key, team, member, budgets }: KeyPrincipal): Allowances {
  if (team === null || key.userId === null) return noAllowances
  const read = (name: string): unknown => team.settings[`team_member_${name}`]
  const shared = budgets.find(({ id }) => id === member?.settings['budget_id'])
  const own = member?.settings ?? {}
  const settings = withDefaults(
    { ...own, max_budget: own['max_budget_in_team'] ?? own['max_budget'] },
    withDefaults(shared?.settings ?? {}, {
      max_budget: read('budget'),
      budget_duration: read('budget_duration'),
      rpm_limit: read('rpm_limit'),
      tpm_limit: read('tpm_limit'),
    }),
  )
  const id = `${team.id}:${key.userId}`
  return limitsOf(
    'team_member',
    'member',
    { id, ids: [id], shown: id, createdAt: member?.createdAt ?? team.createdAt },
    settings,
  )
}

interface Named {
  readonly id: string
  readonly ids: readonly string[]
  readonly shown: string
  readonly createdAt: number
}

const named = ({ id, createdAt }: SubjectRecord): Named => ({ id, ids: [id], shown: id, createdAt })

function limitsOf(descriptor: Descriptor, scope: SpenderKind, of: Named, settings: Settings): Allowances {
  const rate = {
    ...{ descriptor, id: of.id, shown: of.shown, model: null },
    requests: readNumber(settings['rpm_limit']),
    tokens: readNumber(settings['tpm_limit']),
    parallel: readNumber(settings['max_parallel_requests']),
    dynamic: readDynamic(settings),
  }
  const isLimited = rate.requests !== null || rate.tokens !== null || rate.parallel !== null
  return { rates: isLimited ? [rate] : [], budgets: budgetsOf(scope, of, settings) }
}

function budgetsOf(scope: SpenderKind, of: Named, settings: Settings): BudgetRule[] {
  const plain = { ...plainBudget(scope, of.id, of.createdAt, of.ids), base: readBase(settings) }
  const main = {
    ...plain,
    max: readUsd(settings['max_budget']),
    soft: readUsd(settings['soft_budget']),
    duration: readText(settings['budget_duration']),
    increase: readIncrease(settings),
  }
  const listed = Array.isArray(settings['budget_limits']) ? (settings['budget_limits'] as unknown[]) : []
  const further = listed.flatMap((entry) => {
    const limit = asSettings(entry)
    const max = readUsd(limit['max_budget'])
    return max === null ? [] : [{ ...plain, max, duration: readText(limit['budget_duration']) }]
  })
  const all = main.max === null && main.soft === null ? further : [main, ...further]
  // Of those with one account the first one counts.
  return all.sort(
    (left, right) => (left.max ?? Number.POSITIVE_INFINITY) - (right.max ?? Number.POSITIVE_INFINITY),
  )
}

/** Limits of a key for one model each. */
function modelLimits(of: Named, settings: Settings): Allowances {
  const requests = asSettings(settings['model_rpm_limit'])
  const tokens = asSettings(settings['model_tpm_limit'])
  const models = new Set([...Object.keys(requests), ...Object.keys(tokens)])
  const rates = [...models].map((model) => ({
    ...({
      descriptor: 'model_per_key',
      id: `${of.id}:${model}`,
      shown: `${of.shown}:${model}`,
      model,
    } as const),
    requests: readNumber(requests[model]),
    tokens: readNumber(tokens[model]),
    parallel: null,
    dynamic: readDynamic(settings),
  }))
  const budgets = Object.entries(asSettings(settings['model_max_budget'])).flatMap(([model, value]) => {
    const limit = typeof value === 'number' ? { budget_limit: value } : asSettings(value)
    const max = readUsd(limit['budget_limit'] ?? limit['max_budget'])
    if (max === null) return []
    const duration = readText(limit['time_period'] ?? limit['budget_duration'])
    const spenders = of.ids.map((id) => `${id}:${model}`)
    const plain = plainBudget('key_model', `${of.id}:${model}`, of.createdAt, spenders)
    return [{ ...plain, model, max, duration }]
  })
  return { rates: rates.filter((rate) => rate.requests !== null || rate.tokens !== null), budgets }
}

function plainBudget(
  scope: SpenderKind,
  id: string,
  createdAt: number,
  spenders: readonly string[] = [id],
): BudgetRule {
  const none = { model: null, max: null, soft: null, duration: null, base: null, increase: null }
  return { ...none, scope, id, spenders, createdAt }
}

/** With what the budget it refers to says where it says nothing itself. */
function withBudget(settings: Settings, { budgets }: KeyPrincipal): Settings {
  const shared = budgets.find(({ id }) => id === settings['budget_id'])
  return shared === undefined ? settings : withDefaults(settings, shared.settings)
}

function withDefaults(settings: Settings, defaults: Settings): Settings {
  const given = Object.entries(settings).filter(([, value]) => value !== null && value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}

const nothingDynamic: RateRule['dynamic'] = []

function readDynamic(settings: Settings): RateRule['dynamic'] {
  const requests = settings['rpm_limit_type'] === 'dynamic'
  const tokens = settings['tpm_limit_type'] === 'dynamic'
  if (!requests && !tokens) return nothingDynamic
  return [...(requests ? (['requests'] as const) : []), ...(tokens ? (['tokens'] as const) : [])]
}

function readBase(settings: Settings): BudgetRule['base'] {
  const at = readNumber(settings['spend_set_at'])
  return at === null ? null : { at, spent: readUsd(settings['spend']) ?? 0 }
}

function readIncrease(settings: Settings): BudgetRule['increase'] {
  const amount = readUsd(settings['temp_budget_increase'])
  const until = readText(settings['temp_budget_expiry'])
  const time = until === null ? Number.NaN : Date.parse(until)
  return amount === null || Number.isNaN(time) ? null : { amount, until: time }
}

const asSettings = (value: unknown): Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Settings) : {}

/** Limits are stored as they were sent; what is no number limits nothing. */
function readNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}

function readUsd(value: unknown): number | null {
  const usd = readNumber(value)
  return usd === null ? null : toNanoUsd(usd)
}

const readText = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const readTexts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : []
