import type { SpendLedger } from './spend-row.ts'

const intervalMs = 3_600_000
const firstAfterMs = 60_000
const batch = 5_000

/**
 * Deletes rows of the ledger that are older than `retentionMs`, every hour, a few thousand at a time. The sums that budgets
 * and reports read stay. Returns a function that ends it.
 */
export function purgeSpend(
  ledger: Pick<SpendLedger, 'deleteSpend'>,
  retentionMs: number | null,
  now: () => number,
): () => void {
  if (retentionMs === null) return () => {}
  let stopped = false
  const purge = async (): Promise<void> => {
    const before = now() - retentionMs
    while (!stopped && (await ledger.deleteSpend(before, batch)) === batch);
  }
  // An hour later it is tried again.
  const run = (): void => void purge().catch(() => {})
  const first = setTimeout(run, firstAfterMs).unref()
  const timer = setInterval(run, intervalMs).unref()
  return () => {
    stopped = true
    clearTimeout(first)
    clearInterval(timer)
  }
}
