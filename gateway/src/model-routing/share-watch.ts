import { gainOfShare } from '@routeiq/router'
import type { ChoiceStore, RouterTraffic } from './choice-store.ts'
import { RepeatedTask } from './repeated-task.ts'

const windowMs = 7 * 86_400_000
/** The newest so many of each router. */
const mostRows = 5_000
/** Fewer say less than training does. */
const leastRows = 200

export interface ShareWatchOptions {
  readonly store: Pick<ChoiceStore, 'listGains'>
  /** Milliseconds from one look to the next. */
  readonly everyMs: () => number
  readonly now: () => number
  /** Told how many asks of a router were looked at. */
  readonly onMeasured: (owner: RouterTraffic, asks: number) => void
  readonly onError: (error: unknown) => void
}

/**
 * What strong models were expected to gain on the asks of a week, looked at once a day as a rule, so that `strong_share` is a share of
 * this traffic and not of what was trained on. Nothing is looked at before somebody asks.
 */
export class ShareWatch {
  readonly #options: ShareWatchOptions
  readonly #task: RepeatedTask
  /** Ascending, by owner. */
  #gains: ReadonlyMap<string, Float64Array> = new Map()
  #isRunning = false

  constructor(options: ShareWatchOptions) {
    this.#options = options
    this.#task = new RepeatedTask({ ...options, work: () => this.#measure() })
  }

  /** The gain that share of the asks promised, and the others did not; null while too few were seen. */
  gainOfShare(owner: RouterTraffic, share: number): number | null {
    if (!this.#isRunning) {
      this.#isRunning = true
      void this.#task.run()
    }
    const gains = this.#gains.get(keyOf(owner))
    return gains === undefined ? null : gainOfShare(gains, share)
  }

  async #measure(): Promise<void> {
    const { store, now, onMeasured } = this.#options
    const measured = new Map<string, Float64Array>()
    for (const { gains, ...owner } of await store.listGains(now() - windowMs, mostRows)) {
      if (gains.length < leastRows) continue
      measured.set(keyOf(owner), Float64Array.from(gains).sort())
      onMeasured(owner, gains.length)
    }
    this.#gains = measured
  }

  close(): void {
    this.#task.close()
  }
}

function keyOf({ router, bundleId }: RouterTraffic): string {
  return `${bundleId}/${router}`
}
