import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { RoutePreview } from '../pipeline/preview-route.ts'

/** The documented core; what is beside it is additive. */
interface DescribedRoute {
  readonly selected_model: string
  /** 0 to 1. */
  readonly confidence: number
  /** Best first, without the selected one. */
  readonly alternatives: readonly { readonly model: string; readonly score: number }[]
  readonly strategy: string
  readonly [member: string]: unknown
}

/** The answer of `POST /router/route`: the model, how sure that is, the others, and with `explain` everything behind it. */
export function describeRoute({ choice, deployment }: RoutePreview, explain: boolean): DescribedRoute {
  if (choice === null)
    return {
      selected_model: deployment.group,
      confidence: 1,
      alternatives: [],
      strategy: 'single',
      deployment_id: deployment.id,
      reasons: ['single_model'],
      filtered: [],
      experiment: null,
    }
  const { decision, routed } = choice
  const position = positionOf(choice, choice.chosen)
  const others = decision.models
    .map(({ name }, at) => ({ model: name, score: round(decision.ranking.score[at]) }))
    .filter(({ model }) => model !== choice.chosen)
    .sort((left, right) => right.score - left.score)
  return {
    selected_model: routed.isPool ? choice.chosen : deployment.group,
    selected_arm: choice.chosen,
    confidence: round(decision.ranking.score[position]),
    alternatives: others,
    strategy: decision.strategy,
    requested_strategy: choice.requestedStrategy,
    fallback_reason: choice.fallbackReason,
    tier: decision.tier,
    profile: choice.profile,
    reasons: choice.reasons,
    deployment_id: deployment.id,
    estimated_cost_usd: decision.scores.cost[position] ?? null,
    decision_latency_us: Math.round(choice.timings.totalUs),
    decision_id: choice.decisionId,
    p_best: round(decision.ranking.pBest),
    experiment:
      choice.experiment === null
        ? null
        : { experiment_id: choice.experiment.experimentId, variant: choice.experiment.variant.name },
    filtered: choice.filtered,
    ...(explain ? { explain: explainChoice(choice) } : {}),
  }
}

function explainChoice(choice: ModelChoice): object {
  const { decision, ask, affinity, propensity } = choice
  const { scores, ranking } = decision
  return {
    lambda: decision.lambda,
    cost_ref_usd: decision.costRef,
    ask,
    domain: decision.domain,
    novelty: decision.novelty,
    affinity: {
      key_hash: affinity.keyHash,
      hit: affinity.hit,
      pinned: affinity.pinned,
      action: affinity.action,
      gain: round(affinity.gain),
      switch_cost: round(affinity.switchCost),
    },
    propensity,
    mode: choice.reasons.includes('guarantee') ? 'guarantee' : 'tradeoff',
    cascade: describeCascade(choice),
    features: (choice.explanation?.features ?? []).map(({ feature, contribution }) => ({
      feature,
      contribution: round(contribution),
    })),
    neighbours: (choice.explanation?.neighbours ?? []).map(({ id, task, sim }) => ({
      ...{ id, task, sim: round(sim) },
    })),
    skills: [],
    candidates: decision.order.map((at) => ({
      model: decision.models[at]?.name,
      q: round(scores.q[at]),
      sigma: round(scores.sigma[at]),
      lcb: round(Math.max(0, (scores.q[at] ?? 0) - 1.64 * (scores.sigma[at] ?? 0))),
      cost_usd: scores.cost[at],
      utility: round(ranking.utility[at]),
      score: round(ranking.score[at]),
      propensity: decision.propensity[at],
      n_eff: round(scores.nEff[at]),
      components: Object.fromEntries(
        [...scores.components].map(([name, values]) => [name, round(values[at])]),
      ),
    })),
  }
}

/** Who would be asked, by name; null for one call. */
function describeCascade({ cascade, decision }: ModelChoice): object | null {
  const nameOf = (at: number): string => decision.models[at]?.name ?? ''
  if (cascade === null) return null
  const { mode } = cascade
  if (mode === 'validity') return { mode, rungs: cascade.rungs.map(nameOf) }
  if (mode === 'verify') return { mode, small: nameOf(cascade.small), large: nameOf(cascade.large) }
  const { first, second, strong, comparator } = cascade
  return { mode, first: nameOf(first), second: nameOf(second), strong: nameOf(strong), comparator }
}

function positionOf({ decision }: ModelChoice, name: string): number {
  return decision.models.findIndex((model) => model.name === name)
}

function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 1e6) / 1e6
}
