import {
  decideModel,
  evaluatePolicy,
  type LoggedOutcome,
  type PolicyValue,
  type Profile,
  plainShape,
  restoreFeatures,
} from '@routeiq/router'
import type { Arm } from '../deployments/routed-group.ts'
import { ArmStates } from './arm-states.ts'
import type { EvidenceRow } from './choice-store.ts'
import { describeArm } from './model-info.ts'
import type { ResolvedScorer } from './scorers.ts'

/** What is replayed, and with what. */
export interface ReplayedPolicy {
  readonly resolved: ResolvedScorer
  /** Null takes that of each request. */
  readonly profile: Profile | null
  readonly lambda: number | null
  /** The models as they are configured now. */
  readonly arms: readonly Arm[]
  /** Epoch milliseconds. */
  readonly now: number
}

const usualInputTokens = 500

/**
 * What a policy would have come to on judged choices of the past, by their features alone. Choices that a conversation's model
 * made, that another model answered, or whose models are gone are left out.
 */
export function replayChoices(rows: readonly EvidenceRow[], policy: ReplayedPolicy): PolicyValue {
  return evaluatePolicy(rows.flatMap((row) => replay(row, policy) ?? []))
}

function replay(row: EvidenceRow, policy: ReplayedPolicy): LoggedOutcome | null {
  const { details, arm, propensity, score } = row
  const features = restoreFeatures(details['features'])
  if (score === null || features === null || !(propensity > 0)) return null
  const { action, key_hash: conversation } = (details['affinity'] ?? {}) as Record<string, unknown>
  if (action === 'kept') return null
  const names = ((details['candidates'] ?? []) as readonly { readonly model: string }[]).map(
    ({ model }) => model,
  )
  const arms = policy.arms.filter(({ name }) => names.includes(name))
  const logged = arms.findIndex(({ name }) => name === arm)
  if (logged < 0 || arms.length < 2) return null
  const decision = decideModel({
    features,
    context: {
      ...{ inputTokens: row.inputTokens ?? usualInputTokens, maxTokens: null, shape: plainShape, tags: [] },
      ...{ userAgent: '', tools: [], team: row.teamId, random: () => 0.5 },
      advice: null,
      live: new ArmStates(arms, policy.now, null),
    },
    models: arms.map(describeArm),
    scorer: policy.resolved.scorer,
    profile: policy.profile ?? (row.profile as Profile),
    lambda: policy.lambda,
    fitted: policy.resolved.fitted,
    // What was logged is what a rule made of it.
    ...{ maxCost: null, adjust: null, isProfileAsked: true },
  })
  return {
    cluster: typeof conversation === 'string' ? conversation : row.decisionId,
    ...{ logged, propensity, score },
    policy: arms.map((_, at) => (at === decision.order[0] ? 1 : 0)),
    expected: decision.scores.q,
    costs: decision.scores.cost,
  }
}
