import { judgeComplexity } from './complexity.ts'
import type { ModelInfo, Scorer } from './scorer.ts'

export interface CapabilityOptions {
  /** Names of capability tiers, the weakest first. */
  readonly order: readonly string[]
  /** Tier by the name of a model. */
  readonly tiers: Readonly<Record<string, string>>
  /** Tier of models that are not named. */
  readonly standard: string
  /** Leaves out models that are not named. */
  readonly strict: boolean
  /** The weakest tier for demanding asks, and for all others. */
  readonly complex: string
  readonly simple: string
}

/** The inner scorer's choice among the models that are capable enough for how demanding the ask looks. */
export function createCapabilityScorer(inner: Scorer, options: CapabilityOptions): Scorer {
  const rankOf = (tier: string): number => options.order.indexOf(tier)
  const capabilityOf = ({ name, aliases }: ModelInfo): number => {
    const known = [name, ...aliases].find((called) => options.tiers[called] !== undefined)
    if (known === undefined) return options.strict ? -1 : rankOf(options.standard)
    return rankOf(options.tiers[known] ?? options.standard)
  }
  return {
    ...inner,
    name: 'llmrouter-capability',
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const { tier } = judgeComplexity(features)
      const least = tier === 'complex' || tier === 'reasoning' ? options.complex : options.simple
      const allowed = out.pool ?? models.map((_, at) => at)
      const capable = allowed.filter((at) => {
        const model = models[at]
        return model !== undefined && capabilityOf(model) >= rankOf(least)
      })
      if (capable.length === 0) {
        out.reasons.push('capability_unreachable')
        return
      }
      out.pool = capable
      out.reasons.push(`capability:${least}`)
    },
  }
}
