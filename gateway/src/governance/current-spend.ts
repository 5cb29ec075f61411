import type { SpendTotals } from '../storage/spend-totals.ts'
import type { BudgetRule } from './allowances.ts'
import { baseSpend, spendingPeriod } from './charges.ts'

const nanoPerUsd = 1e9

/** What somebody has spent in the current period of their budget. */
export interface CurrentSpend {
  /** USD, as the ledger knows it. */
  readonly spend: number
  /** Epoch milliseconds; null for a budget without periods. */
  readonly resetsAt: number | null
}

/** Rejects with `storage_unavailable` when the database is away. */
export async function currentSpend(
  totals: Pick<SpendTotals, 'spentSince'>,
  budget: BudgetRule,
  now: number,
  timezone: string,
): Promise<CurrentSpend> {
  const { period, since } = spendingPeriod(budget, now, timezone)
  const spent = baseSpend(budget, period) + (await sumSince(totals, budget, since))
  return { spend: spent / nanoPerUsd, resetsAt: period.endsAt }
}

/** Nano-USD that the ledger has of a budget since a moment. */
export async function sumSince(
  totals: Pick<SpendTotals, 'spentSince'>,
  { scope, spenders }: BudgetRule,
  since: number | null,
): Promise<number> {
  const sums = await Promise.all(spenders.map((id) => totals.spentSince(scope, id, since)))
  return sums.reduce((total, sum) => total + sum, 0)
}
