import { type EffectivenessSnapshot, emptyEffectiveness } from '@routeiq/router'

const refreshEveryMs = 60_000

export interface EffectivenessSourceOptions {
  readonly load: (workspaceId: string) => Promise<EffectivenessSnapshot>
  readonly onLoadFailed: (error: unknown) => void
}

/**
 * What is known of the skills of each workspace, in memory: reading never waits. A workspace is loaded when it is
 * first asked for, and every 60 s from then on; until then, and when it cannot be loaded, what was known last stands.
 */
export class EffectivenessSource {
  readonly #options: EffectivenessSourceOptions
  readonly #snapshots = new Map<string, EffectivenessSnapshot>()
  readonly #failing = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(options: EffectivenessSourceOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.refresh(), refreshEveryMs)
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
