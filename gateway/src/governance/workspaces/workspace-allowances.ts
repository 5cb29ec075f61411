import type { SubjectRecord } from '../../storage/subject-store.ts'
import type { Allowances, BudgetRule, RateRule } from '../allowances.ts'
import { toNanoUsd } from '../nano-usd.ts'
import { type BudgetSpan, readWorkspace, type StoredKeyGovernance } from './workspace.ts'

const durations: Readonly<Record<BudgetSpan, string | null>> = {
  daily: '1d',
  weekly: '1w',
  monthly: '1mo',
  total: null,
}
const plain = { model: null, base: null, increase: null } as const

/** What all keys of a workspace may use together, by the calendar month. */
export function workspaceAllowances(workspace: SubjectRecord): Allowances {
  const { id, createdAt } = workspace
  const rules = readWorkspace(workspace)
  const max = rules.max_budget_usd === null ? null : toNanoUsd(rules.max_budget_usd)
  const budget: BudgetRule = {
    ...{ ...plain, scope: 'workspace', id, spenders: [id], max, duration: '1mo', createdAt },
    soft: max === null ? null : Math.round(max * rules.budget_alert_threshold),
  }
  return {
    rates: ratesOf({ descriptor: 'workspace', id, shown: id }, rules),
    budgets: max === null ? [] : [budget],
  }
}

/** What a key may use beside its own limits. `spenders` are the digests the ledger knows it by. */
export function governedAllowances(
  governance: StoredKeyGovernance,
  key: { readonly id: string; readonly shown: string; readonly spenders: readonly string[] },
): Allowances {
  const { max_budget_usd: usd, budget_period: span, governedAt } = governance
  const max = usd === null ? null : toNanoUsd(usd)
  const budget: BudgetRule = {
    ...{ ...plain, scope: 'key', id: `${key.id}:governance`, spenders: key.spenders },
    ...{ max, soft: null, duration: durations[span], createdAt: governedAt },
  }
  const { id, shown } = key
  return {
    rates: ratesOf({ descriptor: 'key_governance', id, shown }, governance),
    budgets: max === null ? [] : [budget],
  }
}

function ratesOf(
  of: Pick<RateRule, 'descriptor' | 'id' | 'shown'>,
  { max_rpm, max_tpm }: { readonly max_rpm: number | null; readonly max_tpm: number | null },
): RateRule[] {
  if (max_rpm === null && max_tpm === null) return []
  return [{ ...of, model: null, requests: max_rpm, tokens: max_tpm, parallel: null, dynamic: [] }]
}
