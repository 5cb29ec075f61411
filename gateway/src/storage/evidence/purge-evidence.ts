import type { RollupStore } from '../../evidence/analytics/rollup-store.ts'
import type { QuotaStore } from '../../quotas/quota-store.ts'

const intervalMs = 3_600_000

/**
 * Removes evidence older than `retentionDays`, or than the quota of its workspace says, now and every hour; what was
 * counted stays. A failure is left to the next time. Returns a function that stops it.
 */
export function purgeEvidence(
  store: Pick<RollupStore, 'purgeEvidence'>,
  retentionDays: number,
  quotas: Pick<QuotaStore, 'list'>,
): () => void {
  const run = async (): Promise<void> => {
    const own = (await quotas.list()).flatMap(({ workspaceId, keyHash, limits }) =>
      keyHash === null && limits.retention_days !== undefined
        ? [[workspaceId, limits.retention_days] as const]
        : [],
    )
    await store.purgeEvidence(retentionDays, new Map(own))
  }
  const purge = (): void => void run().catch(() => {})
  const timer = setInterval(purge, intervalMs)
  timer.unref()
  purge()
  return () => clearInterval(timer)
}
