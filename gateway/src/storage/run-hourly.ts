const intervalMs = 3_600_000
/** Nobody who starts a gateway waits for it any more. */
const firstAfterMs = 60_000

/**
 * Tidies up a minute after the start, and every hour from then on, where this replica `leads` then. A failure is left to the
 * next time. Returns a function that ends it, which work under way hears of by `isStopped`.
 */
export function runHourly(
  leads: () => boolean,
  run: (isStopped: () => boolean) => Promise<unknown>,
): () => void {
  let stopped = false
  const isStopped = (): boolean => stopped
  const attempt = (): void => {
    if (leads()) run(isStopped).catch(() => {})
  }
  const first = setTimeout(attempt, firstAfterMs).unref()
  const timer = setInterval(attempt, intervalMs).unref()
  return () => {
    stopped = true
    clearTimeout(first)
    clearInterval(timer)
  }
}
