import type { ShadowChoice } from './model-choice.ts'

/** How a strategy that only watches compares with what was served, in this process since its start. */
export interface ShadowFigures {
  readonly decisions: number
  /** Share on which both chose the same model. */
  readonly agreement: number
  /** Of what the watcher expects of its choices less what was expected of those served. */
  readonly qualityDifference: number
  /** USD a request. */
  readonly costDifference: number
}

interface Sums {
  decisions: number
  agreed: number
  quality: number
  cost: number
}

/** Counts what strategies that only watch would have done. */
export class ShadowTally {
  readonly #sums = new Map<string, Sums>()

  add(
    shadows: readonly ShadowChoice[],
    served: { readonly model: string; readonly quality: number; readonly costUsd: number },
  ): void {
    for (const { strategy, model, quality, costUsd } of shadows) {
      const sums = this.#sums.get(strategy) ?? { decisions: 0, agreed: 0, quality: 0, cost: 0 }
      sums.decisions++
      if (model === served.model) sums.agreed++
      sums.quality += quality - served.quality
      sums.cost += costUsd - served.costUsd
      this.#sums.set(strategy, sums)
    }
  }

  /** Null for a strategy that has not watched. */
  figures(strategy: string): ShadowFigures | null {
    const sums = this.#sums.get(strategy)
    if (sums === undefined) return null
    const { decisions, agreed, quality, cost } = sums
    return {
      decisions,
      agreement: agreed / decisions,
      qualityDifference: quality / decisions,
      costDifference: cost / decisions,
    }
  }
}
