import type { ModelInfo, RouteContext, Scorer } from './scorer.ts'

export interface LatencyOptions {
  readonly targetMs: number
  /** 0 to 1. */
  readonly percentile: number
  /** Of so many last answers. */
  readonly samples: number
}

/** The inner scorer's choice among the models that have been quick enough; who has no record counts as quick. */
export function createLatencyScorer(
  inner: Scorer,
  { targetMs, percentile, samples }: LatencyOptions,
): Scorer {
  return {
    ...inner,
    name: 'llmrouter-latency-sla',
    needs: [...inner.needs, 'state'],
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const allowed = out.pool ?? models.map((_, at) => at)
      const latencyOf = (at: number): number =>
        context.live.latencyMs(models[at]?.name ?? '', percentile, samples) ?? 0
      const quick = allowed.filter((at) => latencyOf(at) <= targetMs)
      if (quick.length > 0) {
        out.pool = quick
        if (quick.length < allowed.length) out.reasons.push('latency_sla')
        return
      }
      out.pool = [allowed.reduce((best, at) => (latencyOf(at) < latencyOf(best) ? at : best))]
      out.reasons.push('latency_sla_unreachable')
    },
  }
}

/** The model with the least on its hands, whatever the ask: fewest requests under way, or fewest tokens of the minute. */
export function createLeastUsedScorer(
  inner: Scorer,
  name: 'llmrouter-usage-based' | 'llmrouter-least-busy',
): Scorer {
  const loadOf = ({ live }: RouteContext, model: ModelInfo): number =>
    name === 'llmrouter-least-busy' ? live.inFlight(model.name) : live.tokens(model.name)
  return {
    ...inner,
    name,
    needs: ['state'],
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const loads = models.map((model) => loadOf(context, model))
      const least = Math.min(...loads)
      out.pool = loads.flatMap((load, at) => (load === least ? [at] : []))
      out.reasons.push(name === 'llmrouter-least-busy' ? 'least_busy' : 'least_used')
    },
  }
}

/** The inner scorer's estimates, moved by what this caller found of each model before. */
export function createPersonalizedScorer(inner: Scorer): Scorer {
  return {
    ...inner,
    name: 'llmrouter-personalized',
    needs: [...inner.needs, 'state'],
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const user = models.map(({ name }) => context.live.preference(name))
      out.components.set('user', Float64Array.from(user))
      user.forEach((shift, at) => {
        out.q[at] = (out.q[at] as number) + shift
      })
      if (user.some((shift) => shift !== 0)) out.reasons.push('personalized')
    },
  }
}
