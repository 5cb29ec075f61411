import type { Point } from '../features/feature-space.ts'
import {
  doubtRows,
  type Ensemble,
  type EnsembleWeights,
  type Estimates,
  type Predictor,
} from '../scoring/ensemble.ts'
import type { Head } from './head.ts'

/** A head on the shared part of a bundle: its own quality, the ensemble's costs, domains and likeness. */
export class HeadedEnsemble implements Predictor {
  readonly weights: EnsembleWeights
  readonly head: Head
  readonly #ensemble: Ensemble
  readonly #quality: Float64Array
  readonly #sigma: Float64Array
  readonly #learned: Float64Array
  readonly #parts: Estimates['parts']

  constructor(ensemble: Ensemble, head: Head) {
    this.weights = ensemble.weights
    this.head = head
    this.#ensemble = ensemble
    this.#quality = new Float64Array(ensemble.weights.models.length)
    this.#sigma = new Float64Array(ensemble.weights.models.length)
    this.#learned = new Float64Array(ensemble.weights.models.length)
    this.#parts = new Map([['learned', this.#learned]])
  }

  predict(point: Point, team: string | null = null): Estimates {
    const base = this.#ensemble.predict(point)
    const quality = this.#quality
    this.head.estimate(point, base, quality, team)
    for (let model = 0; model < quality.length; model++) {
      const estimate = quality[model] as number
      const clipped = Math.max(0, Math.min(1, estimate))
      quality[model] = clipped
      this.#learned[model] = estimate - (this.weights.meanScores[model] as number)
      // Where two ways of estimating disagree, neither is sure.
      const disagreement = clipped - (base.quality[model] as number)
      this.#sigma[model] = Math.sqrt(
        disagreement ** 2 / 2 + (clipped * (1 - clipped)) / (doubtRows + base.effective),
      )
    }
    const { cost, domainShares, maxSimilarity, effective } = base
    return { quality, sigma: this.#sigma, cost, domainShares, maxSimilarity, effective, parts: this.#parts }
  }
}
