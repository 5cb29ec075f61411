import type { SpendLimitConfig } from '../config/config.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import type { SpendTotals } from '../storage/spend-totals.ts'
import type { BudgetRule } from './allowances.ts'
import { spendingPeriod } from './charges.ts'
import { sumSince } from './current-spend.ts'
import { toNanoUsd } from './nano-usd.ts'

const readEveryMs = 2_000

/** What one call cost at whom. */
export interface UpstreamSpend {
  readonly deploymentId: string | null
  readonly provider: string | null
  readonly costNanoUsd: bigint | null
}

interface Account {
  readonly scope: 'deployment' | 'provider'
  readonly budget: BudgetRule
  readonly deployments: readonly Deployment[]
  /** The moment the period began that `spent` is of; null for one without begin. */
  since: number | null
  spent: number
}

export interface UpstreamBudgetsOptions {
  readonly totals: Pick<SpendTotals, 'spentSince'>
  readonly routing: () => RoutingSnapshot
  readonly timezone: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/**
 * Takes deployments out of the choice while they, or their provider, have no budget left. What this process spends counts at
 * once, what others spend within seconds, from the ledger.
 */
export class UpstreamBudgets {
  readonly #options: UpstreamBudgetsOptions
  #routing: RoutingSnapshot | null = null
  #accounts: ReadonlyMap<string, Account> = new Map()
  #timer: NodeJS.Timeout | null = null

  constructor(options: UpstreamBudgetsOptions) {
    this.#options = options
  }

  /** Reads what is spent, and again from time to time. */
  async start(): Promise<void> {
    await this.#refresh().catch(this.#options.onError)
    this.#timer = setInterval(() => void this.#refresh().catch(this.#options.onError), readEveryMs).unref()
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  add({ deploymentId, provider, costNanoUsd }: UpstreamSpend): void {
    if (this.#accounts.size === 0 || costNanoUsd === null) return
    for (const name of [`deployment ${deploymentId}`, `provider ${provider}`]) {
      const account = this.#accounts.get(name)
      if (account === undefined) continue
      const { since } = this.#period(account)
      account.spent = Number(costNanoUsd) + (since === account.since ? account.spent : 0)
      account.since = since
      this.#apply(account)
    }
  }

  /** A new configuration may have other budgets. */
  async #refresh(): Promise<void> {
    const { routing, totals } = this.#options
    if (this.#routing !== routing()) {
      this.#routing = routing()
      this.#accounts = listAccounts(this.#routing)
    }
    for (const account of this.#accounts.values()) {
      const { since } = this.#period(account)
      const known = await sumSince(totals, account.budget, since)
      account.spent = since === account.since ? Math.max(account.spent, known) : known
      account.since = since
      this.#apply(account)
    }
  }

  #apply(account: Account): void {
    const { scope, budget, deployments, spent } = account
    const { period } = this.#period(account)
    const isOver = spent >= (budget.max ?? Number.POSITIVE_INFINITY)
    const until = isOver ? (period.endsAt ?? Number.POSITIVE_INFINITY) : 0
    for (const { state } of deployments) state.setOverBudget(scope, until)
  }

  #period({ budget }: Account) {
    return spendingPeriod(budget, this.#options.now(), this.#options.timezone())
  }
}

/** By `deployment <id>` and `provider <id>`. */
function listAccounts({ groups, wildcards, routing }: RoutingSnapshot): ReadonlyMap<string, Account> {
  const all = [...new Set([...groups.values(), ...wildcards].flatMap(({ deployments }) => deployments))]
  const accounts = new Map<string, Account>()
  for (const deployment of all) {
    deployment.state.setOverBudget('deployment', 0)
    deployment.state.setOverBudget('provider', 0)
    const { budget } = deployment.config
    if (budget !== null)
      accounts.set(
        `deployment ${deployment.id}`,
        openAccount('deployment', deployment.id, budget, [deployment]),
      )
  }
  for (const [provider, budget] of Object.entries(routing.providerBudgets)) {
    const served = all.filter((deployment) => deployment.provider.id === provider)
    accounts.set(`provider ${provider}`, openAccount('provider', provider, budget, served))
  }
  return accounts
}

function openAccount(
  scope: 'deployment' | 'provider',
  id: string,
  { maxUsd, duration }: SpendLimitConfig,
  deployments: readonly Deployment[],
): Account {
  const none = { model: null, soft: null, base: null, increase: null, createdAt: 0 }
  const budget: BudgetRule = { ...none, scope, id, spenders: [id], max: toNanoUsd(maxUsd), duration }
  return { scope, budget, deployments, since: null, spent: 0 }
}
