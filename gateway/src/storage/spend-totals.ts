/** Whom spend is summed up for. `personal` is a user outside of teams, `member` a user in one (`team:user`). */
export type SpenderKind =
  | (
      | 'proxy'
      | 'key'
      | 'user'
      | 'personal'
      | 'team'
      | 'member'
      | 'organization'
      | 'customer'
      | 'tag'
      | 'workspace'
    )
  | ('model' | 'key_model' | 'provider' | 'deployment')

/** What somebody used in one period. Spend is nano-USD. */
interface SpendSum {
  readonly spendNanoUsd: number
  readonly requests: number
  readonly failed: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface SpenderSum extends SpendSum {
  readonly kind: SpenderKind
  readonly id: string
}

export interface DailySum extends SpenderSum {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
}

/** A period in epoch milliseconds, `until` excluded; null is open. */
export interface SpendPeriod {
  readonly since: number | null
  readonly until: number | null
}

/** Sums of the ledger. Rejects with `storage_unavailable` when the database is away. */
export interface SpendTotals {
  /** Nano-USD spent from this moment on, to the millisecond; from the beginning for null. */
  spentSince(kind: SpenderKind, id: string, since: number | null): Promise<number>
  /** Who of these kinds spent how much, most first; all of them, or those named. Whole hours. */
  sums(
    query: SpendPeriod & { kinds: readonly SpenderKind[]; ids?: readonly string[]; limit?: number },
  ): Promise<readonly SpenderSum[]>
  /** The same by day, days ascending. */
  daily(
    query: SpendPeriod & { kinds: readonly SpenderKind[]; ids?: readonly string[] },
  ): Promise<readonly DailySum[]>
}
