/** Where a conversation was answered last. */
interface Held {
  readonly deploymentId: string
  /** Epoch milliseconds. */
  readonly usedAt: number
  /** When other processes were told of it last. */
  readonly toldAt: number
}

export interface HeldDeploymentsOptions {
  /** Null while conversations are not held. */
  readonly limits: () => { readonly ttlMs: number; readonly mostEntries: number } | null
  /** Tells other processes; null when there are none. */
  readonly announce: ((key: string, deploymentId: string, usedAt: number) => void) | null
}

/** Which conversation was on which deployment: those used last, told to every process. */
export class HeldDeployments {
  readonly #held = new Map<string, Held>()
  readonly #options: HeldDeploymentsOptions

  constructor(options: HeldDeploymentsOptions) {
    this.#options = options
  }

  find(key: string, now: number): string | null {
    const held = this.#held.get(key)
    const limits = this.#options.limits()
    return held === undefined || limits === null || now - held.usedAt > limits.ttlMs
      ? null
      : held.deploymentId
  }

  remember(key: string, deploymentId: string, now: number): void {
    const limits = this.#options.limits()
    if (limits === null) return
    const before = this.#held.get(key)
    // Nobody else needs to hear that a conversation goes on as it did, more than now and then.
    const isNews = before?.deploymentId !== deploymentId || now - before.toldAt > limits.ttlMs / 2
    this.#store(key, { deploymentId, usedAt: now, toldAt: isNews ? now : before.toldAt }, limits.mostEntries)
    if (isNews) this.#options.announce?.(key, deploymentId, now)
  }

  /** What another process said; the last word counts. */
  adopt(key: string, deploymentId: string, usedAt: number): void {
    const limits = this.#options.limits()
    if (limits === null || (this.#held.get(key)?.usedAt ?? 0) > usedAt) return
    this.#store(key, { deploymentId, usedAt, toldAt: usedAt }, limits.mostEntries)
  }

  #store(key: string, held: Held, mostEntries: number): void {
    this.#held.delete(key)
    this.#held.set(key, held)
    while (this.#held.size > mostEntries) {
      const oldest = this.#held.keys().next()
      if (oldest.done) return
      this.#held.delete(oldest.value)
    }
  }
}
