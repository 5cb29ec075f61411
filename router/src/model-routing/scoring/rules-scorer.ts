import type { Profile } from '../decision/profiles.ts'
import type { Features } from '../features/features.ts'
import { judgeComplexity, type Tier } from './complexity.ts'
import { fillPriors } from './fill-priors.ts'
import type { ModelInfo, RouteContext, Scorer, Scores } from './scorer.ts'
import { type TierMapping, tierPool } from './tier-pool.ts'

/** One rule: all conditions that are given must hold. */
export interface RouteRule {
  readonly when: {
    readonly tag?: string | undefined
    readonly regex?: RegExp | undefined
    readonly keyword?: string | undefined
    readonly userAgent?: RegExp | undefined
    readonly tool?: string | undefined
    readonly tenant?: string | undefined
    readonly domain?: string | undefined
    readonly tier?: Tier | undefined
    readonly minTokens?: number | undefined
  }
  /** Empty where the rule only sets the profile. */
  readonly models: readonly string[]
  readonly profile: Profile | null
  /** For `reasons`: `tag=batch`. */
  readonly label: string
}

export interface RulesOptions {
  readonly name: string
  readonly rules: readonly RouteRule[]
  readonly tiers: TierMapping
  /** Who estimates, and chooses where no rule fits; null goes by how demanding the ask looks. */
  readonly inner: Scorer | null
}

/** Patterns see only this much of an ask, so that a slow one cannot hold a request up for long. */
const matchedChars = 2_000

/** The first rule that fits names the models; without one the inner scorer does, or how demanding the ask looks. */
export function createRulesScorer({ name, rules, tiers, inner }: RulesOptions): Scorer {
  return {
    ...(inner ?? { version: '1', needs: ['text'] }),
    name,
    score(features, context, models, out) {
      if (inner === null) fillPriors(context, models, out)
      else inner.score(features, context, models, out)
      const rule = rules.find((candidate) => holds(candidate, features, context, out))
      const pool = rule === undefined ? [] : positionsOf(models, rule.models)
      out.profile = rule?.profile ?? null
      if (rule !== undefined && (pool.length > 0 || rule.profile !== null)) {
        if (pool.length > 0) out.pool = pool
        out.reasons.push(`rule:${rule.label}`)
      } else if (inner === null) {
        const { tier } = judgeComplexity(features)
        out.pool = tierPool(models, tier, tiers)
        out.reasons.push(`tier:${tier}`)
      }
    },
  }
}

function holds({ when }: RouteRule, features: Features, context: RouteContext, out: Scores): boolean {
  const text = features.text.slice(0, matchedChars)
  return (
    (when.tag === undefined || context.tags.includes(when.tag)) &&
    (when.regex === undefined || when.regex.test(text)) &&
    (when.keyword === undefined || text.includes(when.keyword.toLowerCase())) &&
    (when.userAgent === undefined || when.userAgent.test(context.userAgent.slice(0, 512))) &&
    (when.tool === undefined || context.tools.includes(when.tool)) &&
    (when.tenant === undefined || context.team === when.tenant) &&
    (when.domain === undefined || out.domain?.label === when.domain) &&
    (when.tier === undefined || judgeComplexity(features).tier === when.tier) &&
    (when.minTokens === undefined || context.inputTokens >= when.minTokens)
  )
}

function positionsOf(models: readonly ModelInfo[], names: readonly string[]): number[] {
  return models.flatMap(({ name, aliases }, at) =>
    names.includes(name) || aliases.some((alias) => names.includes(alias)) ? [at] : [],
  )
}
