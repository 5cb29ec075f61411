import type { RollupStore } from '../../evidence/analytics/rollup-store.ts'

const intervalMs = 3_600_000

/**
 * Removes evidence older than `retentionDays` now and every hour; what was counted stays. A failure is left to the
 * next time. Returns a function that stops it.
 */
export function purgeEvidence(store: Pick<RollupStore, 'purgeEvidence'>, retentionDays: number): () => void {
  const run = (): void => {
    // What is old is purged an hour later.
    store.purgeEvidence(retentionDays).catch(() => {})
  }
  const timer = setInterval(run, intervalMs)
  timer.unref()
  run()
  return () => clearInterval(timer)
}
