import { FeatureExtractor, type Features } from '../features/features.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { plainShape } from '../features/structured.ts'
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

function centroidOf(examples: readonly string[]): Float64Array {
  const extractor = new FeatureExtractor()
  const sum = new Float64Array(hashedSize)
  for (const example of examples) {
    const { slots, values, size } = extractor.extract(example, plainShape)
    const length = lengthOf(values, size)
    for (let index = 0; index < size; index++) {
      const slot = slots[index] as number
      sum[slot] = (sum[slot] as number) + (values[index] as number) / length
    }
  }
  const length = lengthOf(sum, hashedSize)
  return sum.map((value) => value / length)
}

function cosine({ slots, values, size }: Features, centroid: Float64Array): number {
  let sum = 0
  for (let index = 0; index < size; index++)
    sum += (values[index] as number) * (centroid[slots[index] as number] as number)
  return sum / lengthOf(values, size)
}

function lengthOf(values: Float64Array, size: number): number {
  let squares = 0
  for (let index = 0; index < size; index++) squares += (values[index] as number) ** 2
  return Math.sqrt(Math.max(1e-12, squares))
}
