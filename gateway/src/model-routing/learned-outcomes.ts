import {
  type DriftState,
  driftWidening,
  noDrift,
  Residuals,
  RewardTable,
  restoreFeatures,
  trustInTraining,
} from '@routeiq/router'
import type { ChoiceStore, Learning } from './choice-store.ts'
import type { PreferenceStore } from './preference-store.ts'
import { Preferences } from './preferences.ts'
import type { Scorers } from './scorers.ts'

const refreshMs = 5_000
const mostPreferences = 10_000
/** Older ones would hardly count. */
const mostAsks = 5_000
const noRewards = new RewardTable()
const nothing: Learning = { cells: [], drifts: [] }

export interface LearnedOutcomesOptions {
  readonly store: Pick<ChoiceStore, 'readLearning' | 'lastJudgedAt' | 'listJudgedAsks'>
  readonly preferences: Pick<PreferenceStore, 'listRecentPreferences'>
  readonly isOn: () => boolean
  /** Whether what a user said moves the estimates for that user. */
  readonly isPersonal: () => boolean
  readonly now: () => number
  readonly onRead: (learning: Learning) => void
  /** What learns by ask, and not from sums. */
  readonly scorers: Pick<Scorers, 'learners' | 'absorb'>
  readonly onError: (error: unknown) => void
}

/** What all gateways learned from outcomes, read every five seconds; a request only looks at the tables in memory. */
export class LearnedOutcomes {
  readonly #options: LearnedOutcomesOptions
  readonly #timer: NodeJS.Timeout
  #learning = nothing
  #drifts = new Map<string, DriftState>()
  #residuals = new Map<string, Residuals>()
  #rewards = new RewardTable()
  #preferences = new Preferences([], 0)
  #lastRead: number | null = null
  /** What was taught last: to which scorers, up to which judgement. */
  #taught = ''

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
    if (!this.#options.isOn() || this.#learning.cells.length === 0) return null
    let residuals = this.#residuals.get(bundleId)
    if (residuals === undefined) {
      const wideningOf = (arm: string): number => driftWidening(this.#drifts.get(arm) ?? noDrift)
      residuals = new Residuals(this.#learning.cells, bundleId, wideningOf)
      this.#residuals.set(bundleId, residuals)
    }
    return residuals
  }

  /** Successes and failures; none while learning is off. */
  get rewards(): RewardTable {
    return this.#options.isOn() ? this.#rewards : noRewards
  }

  /** What a user thinks of models; null where that does not count. */
  biasesOf(workspaceId: string, userId: string | null): ReadonlyMap<string, number> | null {
    return this.#options.isOn() && this.#options.isPersonal()
      ? this.#preferences.biasesOf(workspaceId, userId)
      : null
  }

  /** Users whose opinions are known here. */
  get knownUsers(): number {
    return this.#preferences.size
  }

  /** Reads again; resolves when it has, or has failed. */
  async refresh(): Promise<void> {
    const { preferences, store, isPersonal, now, onRead, onError } = this.#options
    try {
      const learning = await store.readLearning(now())
      if (isPersonal())
        this.#preferences = new Preferences(await preferences.listRecentPreferences(mostPreferences), now())
      this.#learning = learning
      this.#drifts = new Map(learning.drifts.map((drift) => [drift.arm, drift]))
      this.#residuals = new Map()
      this.#rewards = new RewardTable(learning.cells, (arm) =>
        trustInTraining(this.#drifts.get(arm) ?? noDrift),
      )
      this.#lastRead = now()
      await this.#teach()
      onRead(learning)
    } catch (error) {
      onError(error)
    }
  }

  /** Gives what learns by ask all that was judged, when somebody has judged since. */
  async #teach(): Promise<void> {
    const { store, scorers, isOn, now } = this.#options
    if (!isOn() || scorers.learners === 0) return
    const judgedAt = await store.lastJudgedAt()
    if (judgedAt === null) return
    const key = `${judgedAt}/${scorers.learners}`
    if (key === this.#taught) return
    const asks = await store.listJudgedAsks(now(), mostAsks)
    scorers.absorb(
      asks.flatMap(({ arm, team, features, weight, score }) => {
        const restored = restoreFeatures(features)
        return restored === null ? [] : [{ features: restored, model: arm, team, weight, score }]
      }),
    )
    this.#taught = key
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
