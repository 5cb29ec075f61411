import { workspaceOf } from '../identity/workspace.ts'
import type { KeptChoice } from '../model-routing/choice-store.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'

const picoPerUsd = 1e12

/** A choice as it is kept once its request is over: the arm that really answered, what it cost, and no text. */
export function keepChoice(
  request: ModelRequest,
  choice: ModelChoice,
  progress: Progress,
  record: RequestRecord,
): KeptChoice {
  const { exchange, caller } = request
  const { decision } = choice
  const answering = progress.deployment === null ? undefined : choice.routed.armOf.get(progress.deployment)
  const arm = answering?.name ?? choice.chosen
  const at = decision.models.findIndex(({ name }) => name === arm)
  const usage = record.usage
  return {
    decisionId: choice.decisionId,
    requestId: record.requestId,
    workspaceId: workspaceOf(caller, null),
    keyHash: caller.keyHash,
    userId: caller.userId,
    teamId: caller.teamId,
    router: choice.routed.name,
    arm,
    domain: decision.domain?.label ?? 'other',
    tier: decision.tier,
    strategy: decision.strategy,
    profile: choice.profile,
    bundleId: choice.bundleId ?? '',
    quality: (decision.scores.q[at] ?? 0) - (decision.scores.components.get('online')?.[at] ?? 0),
    propensity: arm === choice.chosen ? readPropensity(choice, at) : 0,
    learns: exchange.header('x-routeiq-learn') !== 'off' && record.status < 400,
    status: record.status,
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    costUsd: record.costPico === null ? null : Number(record.costPico) / picoPerUsd,
    baselineUsd: baselineCost(choice, usage),
    taskId: exchange.header('x-routeiq-task-id'),
    details: describe(choice, arm),
    createdAt: record.startedAt,
  }
}

/** Drawn choices are drawn again to see how likely they were, now that nobody waits. A kept pin was no chance. */
function readPropensity({ decision, affinity, propensity }: ModelChoice, at: number): number {
  if (decision.estimatePropensity === null || affinity.action === 'kept') return propensity
  return decision.estimatePropensity(at)
}

/** What the best model of the pool would have cost for the same tokens; null when its price or the tokens are unknown. */
function baselineCost({ decision }: ModelChoice, usage: RequestRecord['usage']): number | null {
  const { mean } = decision.scores
  const best = decision.models.reduce(
    (found, _, at) => ((mean[at] ?? 0) > (mean[found] ?? 0) ? at : found),
    0,
  )
  const model = decision.models[best]
  if (usage === null || model === undefined || model.inputPrice === null || model.outputPrice === null)
    return null
  return (usage.inputTokens ?? 0) * model.inputPrice + (usage.outputTokens ?? 0) * model.outputPrice
}

function describe(
  { decision, reasons, affinity, filtered, chosen, features, experiment }: ModelChoice,
  arm: string,
): KeptChoice['details'] {
  const { scores, ranking } = decision
  const { mean } = scores
  const best = decision.models.reduce(
    (found, _, at) => ((mean[at] ?? 0) > (mean[found] ?? 0) ? at : found),
    0,
  )
  return {
    reasons,
    experiment:
      experiment === null ? null : { id: experiment.experimentId, variant: experiment.variant.name },
    features,
    filtered,
    lambda: decision.lambda,
    affinity: affinity.action,
    baseline: decision.models[best]?.name ?? null,
    ...(arm === chosen ? {} : { fallback: { chosen, answered: arm } }),
    candidates: decision.models.map(({ name }, at) => ({
      model: name,
      q: scores.q[at],
      cost_usd: scores.cost[at],
      utility: ranking.utility[at],
      propensity: decision.propensity[at],
    })),
  }
}
