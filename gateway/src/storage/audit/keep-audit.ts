import { runHourly } from '../run-hourly.ts'
import type { KeptAuditStore } from './sql-audit-store.ts'

const checkpointEveryMs = 60_000
const dayMs = 86_400_000

/**
 * States every minute where the chain of this node ends, and takes away what is older than it should be. Returns a
 * function that makes the last statement and ends it.
 */
export function keepAudit(
  store: Pick<KeptAuditStore, 'checkpoint' | 'purge'>,
  retentionDays: number | null,
  { leads, now }: { readonly leads: () => boolean; readonly now: () => number },
): () => Promise<void> {
  // One that fails is made up for by the next.
  const checkpoint = (): Promise<void> => store.checkpoint().catch(() => {})
  const timer = setInterval(() => void checkpoint(), checkpointEveryMs).unref()
  const stopPurging =
    retentionDays === null ? () => {} : runHourly(leads, () => store.purge(now() - retentionDays * dayMs))
  return async () => {
    clearInterval(timer)
    stopPurging()
    await checkpoint()
  }
}
