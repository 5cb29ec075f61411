const leastShare = 0.1
const relaxedBytes = 8 * 1024 ** 2
const urgentBytes = 64 * 1024 ** 2
const maxRestMs = 30_000

/**
 * How long to rest after an insert that took `workMs`, both in milliseconds, while `backlogBytes` of segments
 * wait. A tenth of the time goes to the ledger while little waits; the share grows in proportion up to all of
 * it at 64 MiB, so that lasting load finds a steady state as long as the database can take it.
 */
export function restAfter(workMs: number, backlogBytes: number): number {
  const urgency = Math.min(1, Math.max(0, (backlogBytes - relaxedBytes) / (urgentBytes - relaxedBytes)))
  const share = leastShare + (1 - leastShare) * urgency
  return Math.min(maxRestMs, Math.max(0, workMs * (1 / share - 1)))
}
