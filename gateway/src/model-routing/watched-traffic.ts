import type { Guarantee, LiveState } from '@routeiq/router'
import type { RouterTraffic } from './choice-store.ts'
import type { PromiseWatch } from './promise-watch.ts'
import type { ShareWatch } from './share-watch.ts'

/** Who looks at what came of decisions; null where nobody does. */
export interface TrafficWatches {
  /** How promises about mean quality fare. */
  readonly promises: Pick<PromiseWatch, 'isBroken'> | null
  /** What strong models were lately expected to gain. */
  readonly shares: Pick<ShareWatch, 'gainOfShare'> | null
}

/** What was found out of a router's own traffic under its bundle; nothing without one. */
export class WatchedTraffic implements Pick<LiveState, 'isBroken' | 'gainOfShare'> {
  readonly #watches: TrafficWatches
  readonly #owner: RouterTraffic | null

  constructor(watches: TrafficWatches, router: string, bundleId: string | null) {
    this.#watches = watches
    this.#owner = bundleId === null ? null : { router, bundleId }
  }

  isBroken(promise: Guarantee): boolean {
    return this.#owner !== null && (this.#watches.promises?.isBroken(this.#owner, promise) ?? false)
  }

  gainOfShare(share: number): number | null {
    return this.#owner === null ? null : (this.#watches.shares?.gainOfShare(this.#owner, share) ?? null)
  }
}
