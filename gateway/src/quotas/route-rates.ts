const minuteMs = 60_000

interface Window {
  readonly minute: number
  count: number
  /** Counted here and not yet told to the other processes. */
  unshared: number
}

/** Calls counted by one process, for the others. */
export interface SharedRate {
  readonly key: string
  readonly minute: number
  readonly count: number
}

/**
 * Calls in the current minute for everybody who has a limit. Processes tell each other what they counted, so that a
 * limit holds for all of them together but for what happens in between.
 */
export class RouteRates {
  readonly #windows = new Map<string, Window>()

  /** Counts one call; when the limit is reached it is not counted, and the seconds until the next minute come back. */
  count(key: string, limit: number, now: number): number | null {
    const window = this.#windowOf(key, Math.floor(now / minuteMs))
    if (window.count >= limit) return Math.max(1, Math.ceil(((window.minute + 1) * minuteMs - now) / 1_000))
    window.count += 1
    window.unshared += 1
    return null
  }

  /** What was counted here since the last time; windows that are over are dropped on the way. */
  takeUnshared(now: number): readonly SharedRate[] {
    const current = Math.floor(now / minuteMs)
    const rates: SharedRate[] = []
    for (const [key, window] of this.#windows) {
      if (window.minute < current) this.#windows.delete(key)
      else if (window.unshared > 0) rates.push({ key, minute: window.minute, count: window.unshared })
      window.unshared = 0
    }
    return rates
  }

  addForeign(rates: readonly SharedRate[], now: number): void {
    const current = Math.floor(now / minuteMs)
    for (const { key, minute, count } of rates)
      if (minute === current) this.#windowOf(key, minute).count += count
  }

  #windowOf(key: string, minute: number): Window {
    const existing = this.#windows.get(key)
    if (existing?.minute === minute) return existing
    const window = { minute, count: 0, unshared: 0 }
    this.#windows.set(key, window)
    return window
  }
}
