import type { RollupStore } from '../../evidence/analytics/rollup-store.ts'
import type { QuotaStore } from '../../quotas/quota-store.ts'
import { runHourly } from '../run-hourly.ts'

/**
 * Removes evidence older than `retentionDays`, or than the quota of its workspace says, every hour; what was counted stays.
 * Returns a function that stops it.
 */
export function purgeEvidence(
  store: Pick<RollupStore, 'purgeEvidence'>,
  retentionDays: number,
  quotas: Pick<QuotaStore, 'list'>,
  leads: () => boolean,
): () => void {
  return runHourly(leads, async () => {
    const own = (await quotas.list()).flatMap(({ workspaceId, keyHash, limits }) =>
      keyHash === null && limits.retention_days !== undefined
        ? [[workspaceId, limits.retention_days] as const]
        : [],
    )
    await store.purgeEvidence(retentionDays, new Map(own))
  })
}
