import { openEnsemble, openHead } from '../bundle/open-ensemble.ts'
import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { defaultStrategy } from '../scoring/strategy-catalogue.ts'
import { randomFrom } from '../training/random.ts'
import type { FeaturedMatrix } from '../training/training-set.ts'
import { averageImprovedQuality, calibrationError } from './measures.ts'
import { type Predictions, predictRows } from './predictions.ts'
import { judge, pickAll } from './trade-off.ts'

const samples = 1_000

interface ProfileReport {
  readonly profile: string
  readonly lambda: number
  readonly quality: number
  readonly quality_ratio: number
  /** 95 %, by bootstrap over asks. */
  readonly quality_ratio_ci: readonly [number, number]
  readonly cost_saved: number
  readonly cost_saved_ci: readonly [number, number]
}

export interface BundleReport {
  readonly rows: number
  readonly reference: string
  readonly reference_quality: number
  readonly aiq: number
  readonly ece: number
  readonly profiles: readonly ProfileReport[]
}

/** How a bundle does on rows: quality kept and cost saved against its best single model, never one without the other. */
export function evaluateBundle(
  bundle: TrainedBundle,
  strategy: string,
  featured: FeaturedMatrix,
  seed: number,
): BundleReport {
  const positions = featured.matrix.rows.map((_, at) => at)
  const isDefault = strategy === defaultStrategy
  const predictor = isDefault ? openEnsemble(bundle) : openHead(bundle, strategy)
  const predictions = predictRows(predictor, featured, positions)
  const { models, meanScores } = bundle.weights
  const reference = meanScores.reduce(
    (best, score, at) => (score > (meanScores[best] as number) ? at : best),
    0,
  )
  const { costRefUsd } = bundle
  const lambdas = [
    ['premium', 0] as const,
    ...Object.entries(isDefault ? bundle.profiles : (bundle.heads.get(strategy)?.profiles ?? {})).map(
      ([name, { lambda }]) => [name, lambda] as const,
    ),
  ]
  return {
    rows: predictions.rows,
    reference: models[reference] ?? '',
    reference_quality: judge(predictions, pickAll(predictions, 0, costRefUsd), reference).referenceQuality,
    aiq: averageImprovedQuality(predictions, reference, costRefUsd),
    ece: calibrationError(predictions),
    profiles: lambdas.map(([profile, lambda]) => {
      const picks = pickAll(predictions, lambda, costRefUsd)
      const outcome = judge(predictions, picks, reference)
      const [ratio, saved] = bootstrap(predictions, picks, reference, seed)
      return {
        ...{ profile, lambda, quality: outcome.quality, quality_ratio: outcome.ratio },
        ...{ quality_ratio_ci: ratio, cost_saved: outcome.saved, cost_saved_ci: saved },
      }
    }),
  }
}

type Interval = readonly [number, number]

function bootstrap(
  { rows, models, scores, paid }: Predictions,
  picks: Int32Array,
  reference: number,
  seed: number,
): readonly [Interval, Interval] {
  const random = randomFrom(seed)
  const ratios = new Float64Array(samples)
  const savings = new Float64Array(samples)
  for (let sample = 0; sample < samples; sample++) {
    let [own, base, cost, baseCost] = [0, 0, 0, 0]
    for (let draw = 0; draw < rows; draw++) {
      const row = Math.floor(random.next() * rows)
      const at = row * models + (picks[row] as number)
      const other = row * models + reference
      if (Number.isNaN(scores[at]) || Number.isNaN(scores[other])) continue
      own += scores[at] as number
      base += scores[other] as number
      cost += paid[at] as number
      baseCost += paid[other] as number
    }
    ratios[sample] = base === 0 ? 1 : own / base
    savings[sample] = baseCost === 0 ? 0 : 1 - cost / baseCost
  }
  return [interval(ratios), interval(savings)]
}

function interval(values: Float64Array): Interval {
  const sorted = values.toSorted()
  return [sorted[Math.floor(samples * 0.025)] ?? 0, sorted[Math.floor(samples * 0.975)] ?? 0]
}
