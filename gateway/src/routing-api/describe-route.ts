import {
  describeAssignment,
  describeDecision,
  positionOf,
  round,
} from '../model-routing/describe-decision.ts'
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
    experiment: describeAssignment(choice),
    filtered: choice.filtered,
    ...(explain ? { explain: explainChoice(choice) } : {}),
  }
}

function explainChoice(choice: ModelChoice): object {
  const { decision } = choice
  const ask = { chars: choice.ask.chars, source: choice.ask.source }
  const { lambda, cost_ref_usd, domain, novelty, affinity, propensity, promise, skills, candidates } =
    describeDecision(choice)
  return {
    ...{ lambda, cost_ref_usd, ask, domain, novelty, affinity, propensity, promise, skills, candidates },
    cascade: describeCascade(choice),
    bundle_id: choice.bundleId,
    mode: choice.reasons.includes('guarantee') ? 'guarantee' : 'tradeoff',
    strategy_version: decision.version,
    features: (choice.explanation?.features ?? []).map(({ feature, contribution }) => ({
      feature,
      contribution: round(contribution),
    })),
    neighbours: (choice.explanation?.neighbours ?? []).map(({ id, task, sim }) => ({
      ...{ id, task, sim: round(sim) },
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
