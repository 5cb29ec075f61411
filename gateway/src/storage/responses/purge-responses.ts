import type { ResponseStore } from '../response-store.ts'
import { runHourly } from '../run-hourly.ts'

const batch = 1_000

/** Removes expired responses every hour; what has expired is not found anyway. Returns a function that stops it. */
export function purgeResponses(store: Pick<ResponseStore, 'purge'>, leads: () => boolean): () => void {
  return runHourly(leads, async (isStopped) => {
    while (!isStopped() && (await store.purge(batch)) === batch);
  })
}
