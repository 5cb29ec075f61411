import type { CalendarMonth } from './calendar-month.ts'
import type { MonthlyDimension, Quota, QuotaLimit, QuotaPrincipal } from './quota.ts'

/** One quota a use counts against. */
export interface MonthlyAllowance extends QuotaLimit {
  readonly dimension: MonthlyDimension
  /** Null counts for the workspace. */
  readonly keyHash: string | null
}

/** Where quotas and what was used of them are kept. Rejects with `storage_unavailable` when the database is away. */
export interface QuotaStore {
  list(): Promise<readonly Quota[]>
  set(quota: Quota): Promise<void>
  /** Whether there was one. */
  remove(principal: QuotaPrincipal): Promise<boolean>
  /** Adds `amount` to every allowance. Errors: `quota_exceeded` when one has not enough left, and none is changed. */
  take(
    workspaceId: string,
    allowances: readonly MonthlyAllowance[],
    amount: number,
    month: CalendarMonth,
  ): Promise<void>
  usage(principal: QuotaPrincipal, month: CalendarMonth): Promise<QuotaUsage>
}

/** What was used this month, counted from the moment a limit was set. */
export type QuotaUsage = Readonly<Record<MonthlyDimension, number>>
