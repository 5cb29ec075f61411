import type { Experiment } from './assign-variant.ts'
import type { ExperimentRecord } from './experiment.ts'
import type { ExperimentStore } from './experiment-store.ts'

const refreshMs = 5_000

export interface ExperimentBookOptions {
  readonly store: Pick<ExperimentStore, 'listExperiments'>
  readonly onError: (error: unknown) => void
}

/** The experiments under way and the strategies that were approved, read every five seconds; a request only looks. */
export class ExperimentBook {
  readonly #options: ExperimentBookOptions
  readonly #timer: NodeJS.Timeout
  #running: readonly (Experiment & Pick<ExperimentRecord, 'models'>)[] = []
  #applied: readonly (Pick<ExperimentRecord, 'models'> & { readonly strategy: string })[] = []

  constructor(options: ExperimentBookOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.refresh(), refreshMs)
    this.#timer.unref()
  }

  /** The experiment a name takes part in; null for none. */
  runningFor(router: string): Experiment | null {
    return this.#running.find(({ models }) => covers(models, router)) ?? null
  }

  /** The strategy that an experiment led to for a name, the last one first; null for the configured one. */
  appliedFor(router: string): string | null {
    return this.#applied.find(({ models }) => covers(models, router))?.strategy ?? null
  }

  get running(): readonly Experiment[] {
    return this.#running
  }

  /** Reads again; resolves when it has, or has failed. */
  async refresh(): Promise<void> {
    try {
      const all = await this.#options.store.listExperiments()
      this.#running = all
        .filter(({ state }) => state === 'running')
        .map(({ id, variants, salted, models }) => ({ id, variants, salted, models }))
      this.#applied = all
        .filter(({ state, applied }) => state === 'approved' && applied)
        .toSorted((left, right) => decidedAt(right) - decidedAt(left))
        .flatMap(({ models, variants, winner }) => {
          const strategy = variants.find(({ name }) => name === winner)?.strategy
          return strategy === undefined ? [] : [{ models, strategy }]
        })
    } catch (error) {
      this.#options.onError(error)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

function decidedAt({ history }: ExperimentRecord): number {
  return history.at(-1)?.at ?? 0
}

export function covers(models: ExperimentRecord['models'], router: string): boolean {
  return models === null || models.includes(router)
}
