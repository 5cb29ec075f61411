import type { OutcomeSums } from './residuals.ts'

/** Weighted successes and failures. */
export interface Rewards {
  successes: number
  failures: number
}

const none: Readonly<Rewards> = { successes: 0, failures: 0 }

/** Judged outcomes by kind of ask and model, and by model over all kinds. Sums, so that parts can be added in any order. */
export class RewardTable {
  readonly #cells = new Map<string, Rewards>()
  readonly #models = new Map<string, Rewards>()

  readonly #trustIn: (arm: string) => number

  /** `trustIn` is the share of a model's estimate from training that is still believed. */
  constructor(cells: readonly OutcomeSums[] = [], trustIn: (arm: string) => number = () => 1) {
    this.#trustIn = trustIn
    for (const { domain, tier, arm, weight, reward } of cells) this.add(domain, tier, arm, weight, reward)
  }

  /** `reward` is Σ weight · score. */
  add(domain: string, tier: string, arm: string, weight: number, reward: number): void {
    for (const rewards of [entry(this.#cells, keyOf(domain, tier, arm)), entry(this.#models, arm)]) {
      rewards.successes += reward
      rewards.failures += weight - reward
    }
  }

  trustIn(arm: string): number {
    return this.#trustIn(arm)
  }

  cell(domain: string, tier: string, arm: string): Readonly<Rewards> {
    return this.#cells.get(keyOf(domain, tier, arm)) ?? none
  }

  model(arm: string): Readonly<Rewards> {
    return this.#models.get(arm) ?? none
  }
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\u0000')
}

function entry(map: Map<string, Rewards>, key: string): Rewards {
  let found = map.get(key)
  if (found === undefined) {
    found = { successes: 0, failures: 0 }
    map.set(key, found)
  }
  return found
}
