import { runHourly } from '../run-hourly.ts'
import type { SpendLedger } from './spend-row.ts'

const batch = 5_000

/**
 * Deletes rows of the ledger that are older than `retentionMs`, every hour, a few thousand at a time. The sums that budgets
 * and reports read stay. Returns a function that ends it.
 */
export function purgeSpend(
  ledger: Pick<SpendLedger, 'deleteSpend'>,
  retentionMs: number | null,
  { leads, now }: { readonly leads: () => boolean; readonly now: () => number },
): () => void {
  if (retentionMs === null) return () => {}
  return runHourly(leads, async (isStopped) => {
    const before = now() - retentionMs
    while (!isStopped() && (await ledger.deleteSpend(before, batch)) === batch);
  })
}
