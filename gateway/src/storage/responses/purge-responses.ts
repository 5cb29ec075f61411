import type { ResponseStore } from '../response-store.ts'

const intervalMs = 3_600_000
const batch = 1_000

/**
 * Removes expired responses now and every hour. A failure is left to the next time. Returns a function that stops it.
 */
export function purgeResponses(store: Pick<ResponseStore, 'purge'>): () => void {
  let isStopped = false
  const run = async (): Promise<void> => {
    try {
      while (!isStopped && (await store.purge(batch)) === batch);
    } catch {
      // What has expired is not found anyway.
    }
  }
  const timer = setInterval(() => void run(), intervalMs)
  timer.unref()
  void run()
  return () => {
    isStopped = true
    clearInterval(timer)
  }
}
