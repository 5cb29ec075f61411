import { fillPriors } from './fill-priors.ts'
import type { Scorer } from './scorer.ts'

/** Any candidate, all alike or by the weights given; the honest baseline of every comparison. */
export function createRandomScorer(weights: Readonly<Record<string, number>>): Scorer {
  return {
    name: 'llmrouter-random',
    version: '1',
    needs: [],
    score(_features, context, models, out) {
      fillPriors(context, models, out)
      const shares = models.map(({ name }) => Math.max(0, weights[name] ?? 1))
      const total = shares.reduce((sum, share) => sum + share, 0)
      let left = context.random() * total
      let chosen = 0
      for (let at = 0; at < shares.length; at++) {
        left -= shares[at] ?? 0
        chosen = at
        if (left < 0) break
      }
      out.pool = [chosen]
      out.reasons.push('random')
      const propensity = total > 0 ? (shares[chosen] ?? 0) / total : 1 / models.length
      out.components.set('propensity', new Float64Array(models.length).fill(0))
      const drawn = out.components.get('propensity')
      if (drawn !== undefined) drawn[chosen] = propensity
    },
  }
}
