import type { Features } from '../features/features.ts'
import { centroidOf, cosine } from './centroid.ts'
import { complexExamples, simpleExamples } from './centroid-examples.ts'
import { agenticScore, judgeComplexity, type Tier } from './complexity.ts'
import { fillPriors } from './fill-priors.ts'
import type { Scorer } from './scorer.ts'
import { type TierMapping, tierPool } from './tier-pool.ts'

const agenticEnough = 0.35

export interface CentroidOptions {
  /** A smaller difference of the two cosines is no verdict: complex. */
  readonly confidenceThreshold: number
  readonly tiers: TierMapping
}

/** Two groups of example asks: whichever an ask is more like says how strong a model it needs. Needs no training. */
export function createCentroidScorer({ confidenceThreshold, tiers }: CentroidOptions): Scorer {
  const simple = centroidOf(simpleExamples)
  const complex = centroidOf(complexExamples)
  const judge = (features: Features): Tier => {
    const difference = cosine(features, simple) - cosine(features, complex)
    return difference >= confidenceThreshold ? 'simple' : 'complex'
  }
  return {
    name: 'llmrouter-centroid',
    version: '1',
    needs: ['text'],
    score(features, context, models, out) {
      fillPriors(context, models, out)
      const { strongReasoning, weakReasoning } = judgeComplexity(features)
      const reasons = strongReasoning >= 1 || weakReasoning >= 2
      const isAgentic = agenticScore(features, context.shape) >= agenticEnough
      const verdict = isAgentic ? 'complex' : judge(features)
      const tier = reasons ? 'reasoning' : verdict
      out.pool = tierPool(models, tier, tiers)
      out.reasons.push(isAgentic && !reasons ? 'agentic' : `tier:${tier}`)
    },
  }
}
