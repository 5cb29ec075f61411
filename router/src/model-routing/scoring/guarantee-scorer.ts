import {
  type Guarantee,
  keepPromise,
  leastGuaranteeRows,
  normalQuantile,
  type ShortfallCurve,
} from '../training/fit-guarantee.ts'
import type { ModelInfo, Scorer } from './scorer.ts'

/** A candidate may be expected to be this much worse on one ask than the promise is on the mean. */
const slack = 0.05

export interface GuaranteeOptions extends Guarantee {
  readonly curve: ShortfallCurve
  /** Our name of the model the promise is about. */
  readonly reference: string
}

/**
 * "Mean quality at most ε below the reference model's, with confidence 1 − δ", by the cheapest λ that kept the promise on rows
 * nobody was trained on; where none did, or traffic has broken it since, the reference model answers. Errors: throws when there were too few rows.
 */
export function createGuaranteeScorer(inner: Scorer, options: GuaranteeOptions): Scorer {
  const { curve, reference, epsilon, delta } = options
  if (curve.rows < leastGuaranteeRows)
    throw new Error(
      `mode: guarantee needs a bundle measured on ${leastGuaranteeRows} rows or more; this one has ${curve.rows}`,
    )
  const { lambda } = keepPromise(curve, { epsilon, delta })
  const z = normalQuantile(1 - delta)
  return {
    ...inner,
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const at = positionOf(models, reference)
      if (at < 0) {
        out.reasons.push('guarantee_reference_missing')
        return
      }
      // Doubt on both sides alike: what one ask will come to is never certain, of the reference neither.
      const lowOf = (other: number): number => (out.q[other] as number) - z * (out.sigma[other] as number)
      const floor = lowOf(at) - epsilon - slack
      const isSafe = (other: number): boolean => other === at || lowOf(other) >= floor
      const isBroken = context.live.isBroken({ epsilon, delta })
      const isAlone = lambda === null || isBroken
      out.pool = isAlone ? [at] : models.map((_, other) => other).filter(isSafe)
      out.lambda = isAlone ? 0 : lambda
      out.promise = { epsilon, delta, reference: models[at]?.name ?? reference }
      out.reasons.push('guarantee')
      if (isBroken) out.reasons.push('guarantee_broken')
    },
  }
}

function positionOf(models: readonly ModelInfo[], name: string): number {
  return models.findIndex((model) => model.name === name || model.aliases.includes(name))
}
