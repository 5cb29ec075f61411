import type { ModelChoice } from '../model-routing/model-choice.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress, RoundBill } from './progress.ts'
import { lastBill } from './total-bill.ts'

/** Every call of a model that one decision led to: those that failed, then those that answered, the client's answer last. */
export function describeAttempts(
  { runtime }: ModelRequest,
  { routed }: ModelChoice,
  progress: Progress,
): readonly object[] {
  const { rounds, failedAttempts, deployment } = progress
  const describeTarget = (id: string): object => {
    const target = runtime.routing.byDeploymentId.get(id)
    const arm = target === undefined ? undefined : routed.armOf.get(target)
    return { arm: arm?.name ?? null, deployment_id: id }
  }
  const failed = failedAttempts.map(({ target, kind, status }) => ({
    ...describeTarget(target.deploymentId),
    ...{ outcome: 'failed', failure: kind, status },
  }))
  const describeAnswer = ({ usage, total, deployment: asked }: RoundBill): object => ({
    ...describeTarget((asked ?? deployment)?.id ?? ''),
    outcome: 'answered',
    ...{ input_tokens: usage?.inputTokens ?? null, output_tokens: usage?.outputTokens ?? null },
    cost_usd: total === null ? null : Number(total) / picoPerUsd,
  })
  const elsewhere = rounds.filter((round) => round.deployment !== undefined).length
  const isAnswered = progress.attempts > failed.length + elsewhere
  return [...failed, ...[...rounds, ...(isAnswered ? [lastBill(progress)] : [])].map(describeAnswer)]
}
