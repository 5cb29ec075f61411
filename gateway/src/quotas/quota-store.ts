import type { CountedDimension, MonthlyDimension, Quota, QuotaLimit, QuotaPrincipal } from './quota.ts'

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
  /**
   * Adds `amount` to every allowance, or to none when one has not enough left; then the first such and what is used of
   * it. `month` is `YYYY-MM`.
   */
  take(
    workspaceId: string,
    allowances: readonly MonthlyAllowance[],
    amount: number,
    month: string,
  ): Promise<{ readonly refusedBy: number; readonly used: number } | null>
  usage(principal: QuotaPrincipal, month: string): Promise<QuotaUsage>
}

/** Months count from the moment a limit was set. */
export type QuotaUsage = Readonly<Record<CountedDimension | MonthlyDimension, number>>
