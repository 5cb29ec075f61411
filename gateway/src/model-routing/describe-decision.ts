import type { ModelChoice } from './model-choice.ts'

/** What explaining, logging and replaying share of a decision. No text of the prompt, and no name of a session. */
export interface DescribedDecision {
  readonly candidates: readonly DescribedCandidate[]
  readonly reasons: readonly string[]
  readonly [member: string]: unknown
}

interface DescribedCandidate {
  readonly model: string
  readonly q: number
  readonly score: number
  readonly cost_usd: number
  readonly [member: string]: unknown
}

/** A pessimist's quantile: nineteen of twenty answers are better. */
const lowerQuantile = 1.64

/** Everything a decision came from and led to, candidates best first. */
export function describeDecision(choice: ModelChoice): DescribedDecision {
  const { decision, affinity, timings } = choice
  return {
    decision_id: choice.decisionId,
    snapshot_id: choice.snapshotId,
    session_hash: affinity.keyHash,
    requested_model: choice.routed.name,
    pool: decision.models.map(({ name }) => name),
    strategy: choice.requestedStrategy,
    strategy_version: decision.version,
    effective_strategy: decision.strategy,
    fallback_reason: choice.fallbackReason,
    bundle_id: choice.bundleId,
    feature_spec: 'rq-feat-1',
    profile: choice.profile,
    lambda: decision.lambda,
    cost_ref_usd: decision.costRef,
    promise: decision.scores.promise,
    pair: decision.scores.pair,
    mode: choice.reasons.includes('guarantee') ? 'guarantee' : 'tradeoff',
    tier: decision.tier,
    domain: decision.domain,
    novelty:
      decision.novelty === null
        ? null
        : {
            max_sim: round(decision.novelty.maxSimilarity),
            threshold: round(decision.novelty.threshold),
            nu: round(decision.novelty.nu),
          },
    candidates: describeCandidates(choice),
    filtered: choice.filtered,
    propensity: choice.propensity,
    propensity_method: choice.propensityMethod,
    explored: choice.explored,
    affinity: {
      key_hash: affinity.keyHash,
      hit: affinity.hit,
      pinned: affinity.pinned,
      action: affinity.action,
      gain: round(affinity.gain),
      switch_cost: round(affinity.switchCost),
    },
    skills: choice.skills.map(({ skill, version, pi, lift, shifts, judged }) => ({
      ...{ skill, version, pi: round(pi), lift_logit: round(lift) },
      n: judged[positionOf(choice, choice.chosen)] ?? 0,
      shift_logit: round(shifts[positionOf(choice, choice.chosen)]),
      shifts: Object.fromEntries(
        decision.models.map(({ name }, at) => [name, { shift_logit: round(shifts[at]), n: judged[at] ?? 0 }]),
      ),
    })),
    experiment: describeAssignment(choice),
    reasons: choice.reasons,
    confidence: round(decision.ranking.score[positionOf(choice, choice.chosen)]),
    p_best: round(decision.ranking.pBest),
    timings: {
      features_us: Math.round(timings.featuresUs),
      score_us: Math.round(timings.scoreUs),
      decide_us: Math.round(Math.max(0, timings.totalUs - timings.featuresUs - timings.scoreUs)),
      total_us: Math.round(timings.totalUs),
    },
  }
}

function describeCandidates({ decision, propensities }: ModelChoice): readonly DescribedCandidate[] {
  const { scores, ranking } = decision
  return decision.order.map((at) => ({
    model: decision.models[at]?.name ?? '',
    q: round(scores.q[at]),
    sigma: round(scores.sigma[at]),
    lcb: round(Math.max(0, (scores.q[at] ?? 0) - lowerQuantile * (scores.sigma[at] ?? 0))),
    cost_usd: scores.cost[at] ?? 0,
    ...(scores.delay !== null && { delay: round(scores.delay[at]) }),
    utility: round(ranking.utility[at]),
    score: round(ranking.score[at]),
    propensity: propensities[at] ?? 0,
    n_eff: round(scores.nEff[at]),
    components: Object.fromEntries([...scores.components].map(([name, values]) => [name, round(values[at])])),
  }))
}

/** The assignment in full; null outside of an experiment. */
export function describeAssignment({ experiment, decision }: ModelChoice): object | null {
  if (experiment === null) return null
  const { variant, totalWeight, bucket, hashKeyType } = experiment
  return {
    experiment_id: experiment.experimentId,
    variant: variant.name,
    strategy_name: variant.strategy,
    strategy_version: decision.version,
    weight: variant.weight,
    total_weight: totalWeight,
    hash_bucket: bucket,
    hash_key_type: hashKeyType,
  }
}

/** Where a model stands among the candidates. */
export function positionOf({ decision }: ModelChoice, name: string): number {
  return decision.models.findIndex((model) => model.name === name)
}

export function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 1e6) / 1e6
}
