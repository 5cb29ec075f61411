import { type Guarantee, type LiveState, noLiveState } from '@routeiq/router'
import type { Arm } from '../deployments/routed-group.ts'

/** How the arms of one decision are doing, summed over their deployments; looked up only when a scorer asks. */
export class ArmStates implements LiveState {
  readonly #arms: readonly Arm[]
  readonly #now: number
  readonly #biases: ReadonlyMap<string, number> | null
  readonly #watched: Pick<LiveState, 'isBroken' | 'gainOfShare'>

  constructor(
    arms: readonly Arm[],
    now: number,
    biases: ReadonlyMap<string, number> | null,
    watched: Pick<LiveState, 'isBroken' | 'gainOfShare'> = noLiveState,
  ) {
    this.#watched = watched
    this.#arms = arms
    this.#now = now
    this.#biases = biases
  }

  /** Of the quickest deployment: the balancing within the arm may take that one. */
  latencyMs(model: string, percentile: number, samples: number): number | null {
    const known = this.#find(model).flatMap(({ state }) => state.answerTime(percentile, samples) ?? [])
    return known.length === 0 ? null : Math.min(...known)
  }

  answers(model: string): number {
    return Math.max(0, ...this.#find(model).map(({ state }) => state.answers))
  }

  inFlight(model: string): number {
    return this.#find(model).reduce((sum, { state }) => sum + state.inFlight, 0)
  }

  tokens(model: string): number {
    return this.#find(model).reduce((sum, { state }) => sum + state.tokensThisMinute(this.#now), 0)
  }

  isBroken(promise: Guarantee): boolean {
    return this.#watched.isBroken(promise)
  }

  gainOfShare(share: number): number | null {
    return this.#watched.gainOfShare(share)
  }

  /** What the caller's user thinks of it. */
  preference(model: string): number {
    return this.#biases?.get(model) ?? 0
  }

  #find(model: string): Arm['deployments'] {
    return this.#arms.find(({ name }) => name === model)?.deployments ?? []
  }
}
