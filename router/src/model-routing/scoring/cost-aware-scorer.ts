import type { Scorer } from './scorer.ts'

export interface CostAwareOptions {
  readonly qualityThreshold: number
  /** 0 looks at quality alone, towards 1 at cost alone. */
  readonly costWeight: number
  /** USD for 1,000 tokens; null for no cap. */
  readonly maxCostPer1kTokens: number | null
}

const answerTokens = 400

/**
 * The inner scorer's qualities; of the candidates that are good enough the one with the best (1 − w)·q + w·(1 − cost/dearest).
 * A candidate that another one beats in both quality and cost is never chosen.
 */
export function createCostAwareScorer(inner: Scorer, options: CostAwareOptions): Scorer {
  return {
    name: 'llmrouter-cost-aware',
    version: inner.version,
    needs: inner.needs,
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const all = models.map((_, at) => at)
      const tokens = context.inputTokens + answerTokens
      const cap = options.maxCostPer1kTokens
      const affordable =
        cap === null ? all : all.filter((at) => ((out.cost[at] as number) * 1_000) / tokens <= cap)
      const pool = affordable.length > 0 ? affordable : all
      const good = pool.filter((at) => (out.q[at] as number) >= options.qualityThreshold)
      const eligible = good.length > 0 ? good : pool
      const dearest = Math.max(...eligible.map((at) => out.cost[at] as number), 1e-12)
      const worth = (at: number): number =>
        (1 - options.costWeight) * (out.q[at] as number) +
        options.costWeight * (1 - (out.cost[at] as number) / dearest)
      const [best] = eligible.toSorted((left, right) => worth(right) - worth(left) || left - right)
      out.pool = best === undefined ? null : [best]
      out.reasons.push(good.length > 0 ? 'cost_aware' : 'quality_threshold_unreachable')
    },
  }
}
