import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { readTensorPair, shareSteps } from '../heads/difference-head.ts'
import { type HeadArgs, readArgument, takeTensor } from '../heads/head.ts'
import type { ModelInfo, Scorer } from './scorer.ts'
import { createHeadScorer, type TrainedParts } from './trained-scorer.ts'

export type TwoModelStrategy = 'llmrouter-hybrid' | 'llmrouter-threshold'

const trainedAs = 'llmrouter-hybrid'
const usualShare = 0.3

/**
 * A small model unless a large one is enough better. `threshold` says how much (of quality) is enough; `strong_share` which share of
 * asks the large one shall get, by what its gain was expected to be on asks lately seen, and on those of training before there are
 * enough of these. Without either money decides as ever.
 */
export function createTwoModelScorer(
  strategy: TwoModelStrategy,
  parts: TrainedParts,
  args: HeadArgs,
  untrained: Scorer,
): Scorer {
  const inner = createHeadScorer(trainedAs, parts, args, untrained, strategy)
  const [small, large] = readPairNames(parts, args)
  const { share, usual } = readThreshold(strategy, parts.bundle, args)
  return {
    ...inner,
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const [smallAt, largeAt] = [positionOf(models, small), positionOf(models, large)]
      out.pool = [smallAt, largeAt].filter((at) => at >= 0)
      if (out.pool.length === 0) out.pool = null
      if (out.pool?.length !== 2) {
        out.reasons.push('pair_incomplete')
        return
      }
      out.pair = { small: models[smallAt]?.name ?? small, large: models[largeAt]?.name ?? large }
      const lately = share === null ? null : context.live.gainOfShare(share)
      const enough = lately ?? usual
      if (enough === null) return
      const dearer = (out.cost[largeAt] as number) - (out.cost[smallAt] as number)
      // "The small one if the gain is at most t" is the rule of decisions at this λ.
      if (dearer > 0) out.lambda = (enough * (out.costRef ?? 1)) / dearer
      else {
        const gain = (out.q[largeAt] as number) - (out.q[smallAt] as number)
        out.pool = [gain <= enough ? smallAt : largeAt]
      }
      out.reasons.push(lately === null ? 'threshold' : 'threshold_by_traffic')
    },
  }
}

interface Threshold {
  /** Of asks that the large model gets; null where a gain is named, or nothing. */
  readonly share: number | null
  /** The gain that is enough before traffic is known; null: the λ of the profile says. */
  readonly usual: number | null
}

/** Errors: throws what is wrong with an argument. */
function readThreshold(strategy: TwoModelStrategy, bundle: TrainedBundle, args: HeadArgs): Threshold {
  if (args['threshold'] !== undefined)
    return { share: null, usual: readArgument(args, 'threshold', 0, [-1, 1]) }
  if (strategy === 'llmrouter-hybrid' && args['strong_share'] === undefined)
    return { share: null, usual: null }
  const share = readArgument(args, 'strong_share', usualShare, [0, 1])
  const weights = bundle.heads.get(trainedAs)?.weights ?? {}
  const { values } = takeTensor(weights, 'quantiles', [shareSteps + 1])
  return { share, usual: values[Math.round((1 - share) * shareSteps)] as number }
}

/** Our names of the two models of training. Errors: throws when arguments name others. */
function readPairNames({ bundle, labels }: TrainedParts, args: HeadArgs): readonly [string, string] {
  const weights = bundle.heads.get(trainedAs)?.weights ?? {}
  const { models } = bundle.weights
  const pair = readTensorPair(takeTensor(weights, 'pair', [2]).values, models.length)
  const names = pair.map((column) => {
    const name = models[column] as string
    return labels[name] ?? name
  })
  for (const [at, argument] of ['small', 'large'].entries()) {
    const wanted = args[argument]
    if (wanted !== undefined && wanted !== names[at])
      throw new Error(
        `${argument}: the bundle was trained for ${String(names[0])} and ${String(names[1])}; train one with --args '{"small": …, "large": …}' for others`,
      )
  }
  return names as unknown as readonly [string, string]
}

function positionOf(models: readonly ModelInfo[], name: string): number {
  return models.findIndex((model) => model.name === name || model.aliases.includes(name))
}
