import { Residuals, RewardTable } from '@routeiq/router'
import type { ChoiceStore, LearningCell } from './choice-store.ts'

const refreshMs = 5_000
const noRewards = new RewardTable()

export interface LearnedOutcomesOptions {
  readonly store: Pick<ChoiceStore, 'readLearning'>
  readonly isOn: () => boolean
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/** What all gateways learned from outcomes, read every five seconds; a request only looks at the table in memory. */
export class LearnedOutcomes {
  readonly #options: LearnedOutcomesOptions
  readonly #timer: NodeJS.Timeout
  #cells: readonly LearningCell[] = []
  #residuals = new Map<string, Residuals>()
  #rewards = new RewardTable()
  #lastRead: number | null = null

  constructor(options: LearnedOutcomesOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.refresh(), refreshMs)
    this.#timer.unref()
  }

  /** Epoch milliseconds; null before the first time. */
  get lastRead(): number | null {
    return this.#lastRead
  }

  /** Null while learning is off: nothing is lost meanwhile. */
  residualsFor(bundleId: string): Residuals | null {
    if (!this.#options.isOn() || this.#cells.length === 0) return null
    let residuals = this.#residuals.get(bundleId)
    if (residuals === undefined) {
      residuals = new Residuals(this.#cells, bundleId)
      this.#residuals.set(bundleId, residuals)
    }
    return residuals
  }

  /** Successes and failures; none while learning is off. */
  get rewards(): RewardTable {
    return this.#options.isOn() ? this.#rewards : noRewards
  }

  /** Reads again; resolves when it has, or has failed. */
  async refresh(): Promise<void> {
    try {
      this.#cells = await this.#options.store.readLearning(this.#options.now())
      this.#residuals = new Map()
      this.#rewards = new RewardTable(this.#cells)
      this.#lastRead = this.#options.now()
    } catch (error) {
      this.#options.onError(error)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
