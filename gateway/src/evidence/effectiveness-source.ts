import { type EffectivenessSnapshot, emptyEffectiveness } from '@routeiq/router'

const retryEveryMs = 5_000
/** Sixty seconds. */
const retriesPerRefresh = 12

export interface EffectivenessSourceOptions {
  readonly load: (workspaceId: string) => Promise<EffectivenessSnapshot>
  readonly onLoadFailed: (error: unknown) => void
}

/**
 * What is known of the skills of each workspace, in memory: reading never waits. A workspace is loaded when it is
 * first asked for, and every 60 s from then on; what could not be loaded is tried again every 5 s, and until then what was
 * known last stands.
 */
export class EffectivenessSource {
  readonly #options: EffectivenessSourceOptions
  readonly #snapshots = new Map<string, EffectivenessSnapshot>()
  readonly #failing = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #ticks = 0

  constructor(options: EffectivenessSourceOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#tick(), retryEveryMs)
    this.#timer.unref()
  }

  snapshot(workspaceId: string): EffectivenessSnapshot {
    const known = this.#snapshots.get(workspaceId)
    if (known !== undefined) return known
    this.#snapshots.set(workspaceId, emptyEffectiveness)
    void this.#load(workspaceId)
    return emptyEffectiveness
  }

  /** True while what `snapshot` gives is older than it should be, because it could not be loaded. */
  isStale(workspaceId: string): boolean {
    return this.#failing.has(workspaceId)
  }

  /** Loads every workspace in use again. */
  async refresh(): Promise<void> {
    for (const workspaceId of [...this.#snapshots.keys()]) await this.#load(workspaceId)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #tick(): Promise<void> {
    this.#ticks = (this.#ticks + 1) % retriesPerRefresh
    if (this.#ticks === 0) return this.refresh()
    for (const workspaceId of [...this.#failing]) await this.#load(workspaceId)
  }

  async #load(workspaceId: string): Promise<void> {
    try {
      this.#snapshots.set(workspaceId, await this.#options.load(workspaceId))
      this.#failing.delete(workspaceId)
    } catch (error) {
      this.#failing.add(workspaceId)
      this.#options.onLoadFailed(error)
    }
  }
}
