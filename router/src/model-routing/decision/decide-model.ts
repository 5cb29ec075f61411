import type { Features } from '../features/features.ts'
import { slownessOf } from '../scoring/answer-times.ts'
import { judgeComplexity, type Tier } from '../scoring/complexity.ts'
import { fillPriors } from '../scoring/fill-priors.ts'
import {
  createScores,
  type DomainGuess,
  type ModelInfo,
  type RouteContext,
  type Scorer,
  type Scores,
} from '../scoring/scorer.ts'
import { type Ranking, rank } from './decide.ts'
import { guardNovelty, judgeNovelty, type Novelty } from './novelty.ts'
import { type Profile, uncalibratedLambda } from './profiles.ts'

/** Everything one decision depends on. */
export interface DecisionInput {
  readonly features: Features
  readonly context: RouteContext
  /** Those that passed every filter; never empty. */
  readonly models: readonly ModelInfo[]
  readonly scorer: Scorer
  readonly profile: Profile
  /** The caller asked for that profile: no rule of the configuration changes it. */
  readonly isProfileAsked: boolean
  /** Overrides what the profile means; null leaves it. */
  readonly lambda: number | null
  /** What a bundle measured for its profiles; null without one. */
  readonly fitted: Readonly<Partial<Record<Profile, number>>> | null
  /** USD; dearer candidates leave the pool while cheaper ones are left. Null for no cap. */
  readonly maxCost: number | null
  /** Told of the scores after the scorer and before the rule: what was learned online. */
  readonly adjust: ((scores: Scores, domain: string | null, tier: Tier) => void) | null
}

/** A decision and all it followed from; arrays are by position in `models`. */
export interface ModelDecision {
  readonly models: readonly ModelInfo[]
  /** Positions, best first: the chosen one, the rest of its pool, then what is left. */
  readonly order: readonly number[]
  /** Positions the choice was held to; null for all. */
  readonly pool: readonly number[] | null
  /** Of who scored, which is not the scorer where that knew nothing of the candidates. */
  readonly strategy: string
  readonly version: string
  /** Why another strategy scored; null where the scorer did. */
  readonly fallbackReason: string | null
  readonly profile: Profile
  readonly lambda: number
  readonly costRef: number
  readonly tier: Tier
  readonly domain: DomainGuess | null
  readonly novelty: Novelty | null
  readonly scores: Scores
  readonly ranking: Ranking
  /** Probability that this policy picks the model, by position. */
  readonly propensity: Float64Array
  /** The probability of a position by 256 more draws, where chance has a part; for after the answer. */
  readonly estimatePropensity: ((at: number) => number) | null
  readonly reasons: readonly string[]
}

/** Scores the candidates and picks by quality less the price of money. Pure: the same input gives the same decision. */
export function decideModel(input: DecisionInput): ModelDecision {
  const { features, context, models, scorer } = input
  const size = models.length
  const scores = createScores(size)
  scorer.score(features, context, models, scores)
  repair(scores, context, models)
  const { tier } = judgeComplexity(features)
  input.adjust?.(scores, scores.domain?.label ?? null, tier)
  const novelty = judgeNovelty(features, scores)
  if (novelty !== null && novelty.nu > 0) {
    const change = new Float64Array(size)
    guardNovelty(scores, novelty.nu, size, change)
    scores.components.set('novelty', change)
  }
  const costRef = scores.costRef ?? 1
  const profile = (input.isProfileAsked ? null : scores.profile) ?? input.profile
  const { standIn } = scores
  const scoredBy = standIn?.of === scorer.name ? { ...standIn, name: standIn.strategy } : scorer
  // λ of the bundle is a price of the bundle's estimates.
  const terms = readTerms({ ...input, profile, fitted: standIn === null ? input.fitted : null })
  const lambda = (input.lambda ?? scores.lambda ?? terms.lambda) * (1 - (novelty?.nu ?? 0))
  const ranking = rank(scores, size, lambda, costRef, (at) => slownessAt(context, models[at]))
  const limited = limitPool(input, scores, terms.pool)
  const order = limited === null ? ranking.order : inPoolFirst(ranking.order, limited)
  const reasons = [`profile:${profile}`, ...terms.reasons, ...scores.reasons]
  if (scores.domain !== null && scores.domain.label !== 'other') reasons.push(`domain:${scores.domain.label}`)
  if ((novelty?.nu ?? 0) > 0) reasons.push('novel_query')
  reasons.push(ranking.tie === null ? 'best_utility' : `tie_${ranking.tie}`)
  return {
    models,
    order,
    pool: limited,
    strategy: scoredBy.name,
    version: scoredBy.version,
    fallbackReason: standIn?.reason ?? null,
    profile,
    lambda,
    costRef,
    tier,
    domain: scores.domain,
    novelty,
    scores,
    ranking,
    propensity: readPropensity(scores, order, size),
    estimatePropensity: scores.redraw === null ? null : (at) => drawPropensity(scores, lambda, costRef, at),
    reasons,
  }
}

function slownessAt({ live }: RouteContext, model: ModelInfo | undefined): number | null {
  return model === undefined ? null : slownessOf(live, model.name)
}

/** What is no number falls back to what is known without looking; qualities are held to 0 and 1. */
function repair(scores: Scores, context: RouteContext, models: readonly ModelInfo[]): void {
  if (!allFinite(scores.q) || !allFinite(scores.cost) || !allFinite(scores.sigma)) {
    const priors = createScores(models.length)
    fillPriors(context, models, priors)
    for (let at = 0; at < models.length; at++) {
      if ([scores.q[at], scores.cost[at], scores.sigma[at]].every((value) => Number.isFinite(value))) continue
      scores.q[at] = priors.q[at] as number
      scores.cost[at] = priors.cost[at] as number
      scores.sigma[at] = priors.sigma[at] as number
    }
    scores.reasons.push('scorer_not_finite')
  }
  for (let at = 0; at < models.length; at++) {
    scores.q[at] = Math.max(0, Math.min(1, scores.q[at] as number))
    scores.sigma[at] = Math.max(0.01, scores.sigma[at] as number)
  }
}

function allFinite(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) return false
  return true
}

interface Terms {
  readonly lambda: number
  /** Positions the profile allows; null for all. */
  readonly pool: readonly number[] | null
  readonly reasons: readonly string[]
}

function readTerms({ profile, models, lambda, fitted }: DecisionInput): Terms {
  const lambdaOf = (name: Profile): number => lambda ?? fitted?.[name] ?? uncalibratedLambda[name]
  const positionsWhere = (holds: (model: ModelInfo) => boolean): readonly number[] =>
    models.flatMap((model, at) => (holds(model) ? [at] : []))
  if (profile === 'free') {
    const free = positionsWhere(({ inputPrice, outputPrice }) => inputPrice === 0 && outputPrice === 0)
    if (free.length > 0) return { lambda: lambda ?? 0, pool: free, reasons: [] }
    return { lambda: lambdaOf('eco'), pool: null, reasons: ['free_pool_empty'] }
  }
  if (profile === 'reasoning') {
    const reasoning = positionsWhere(({ reasons }) => reasons)
    if (reasoning.length > 0) return { lambda: lambdaOf('reasoning'), pool: reasoning, reasons: [] }
    return { lambda: lambdaOf('premium'), pool: null, reasons: ['reasoning_pool_empty'] }
  }
  return { lambda: lambdaOf(profile), pool: null, reasons: [] }
}

function inPoolFirst(order: readonly number[], pool: readonly number[]): readonly number[] {
  return [...order.filter((at) => pool.includes(at)), ...order.filter((at) => !pool.includes(at))]
}

/** What scorer, profile and cap allow together; each is left out when nothing would be left. */
function limitPool(
  { maxCost }: DecisionInput,
  { pool, cost, reasons }: Scores,
  profilePool: readonly number[] | null,
): readonly number[] | null {
  let limited = pool === null ? profilePool : profilePool === null ? pool : both(pool, profilePool)
  if (maxCost === null) return limited
  const all = limited ?? Array.from(cost, (_, at) => at)
  limited = all.filter((at) => (cost[at] as number) <= maxCost)
  if (limited.length > 0) return limited
  reasons.push('max_cost_unreachable')
  return all
}

function both(one: readonly number[], other: readonly number[]): readonly number[] {
  const common = one.filter((at) => other.includes(at))
  return common.length > 0 ? common : other
}

const propensityDraws = 256

/** Never 0: what was picked can be picked. */
function drawPropensity(scores: Scores, lambda: number, costRef: number, at: number): number {
  const drawn = scores.q.slice()
  let hits = 0
  for (let draw = 0; draw < propensityDraws; draw++) {
    scores.redraw?.()
    if (rank(scores, scores.q.length, lambda, costRef).order[0] === at) hits++
  }
  scores.q.set(drawn)
  return Math.max(1, hits) / propensityDraws
}

function readPropensity({ components }: Scores, order: readonly number[], size: number): Float64Array {
  const drawn = components.get('propensity')
  if (drawn !== undefined) {
    components.delete('propensity')
    return drawn
  }
  const propensity = new Float64Array(size)
  propensity[order[0] ?? 0] = 1
  return propensity
}
