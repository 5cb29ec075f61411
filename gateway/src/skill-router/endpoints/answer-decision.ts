import { formatHead } from '../envelope.ts'
import { type Asker, type Offer, toRoutingDecision } from '../record-decision.ts'
import type { Routed } from '../skill-router.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/** Records a decision and writes the head of its envelope. One that cannot be recorded is answered all the same. */
export function answerDecision(
  { decisions, degradations }: SkillRouterRoutesDependencies,
  routed: Routed,
  asker: Asker,
  offer: Offer,
): string {
  if (routed.routingId === null) return formatHead(routed, false)
  const persisted = decisions.record(toRoutingDecision(routed, asker, offer))
  const failure = persisted ? null : degradations.record('decision_write_failed', null)
  const { routingId, decision, degradedReason } = routed
  return formatHead({ routingId, decision, degradedReason: degradedReason ?? failure }, persisted)
}

/** Our packages say who they are. */
export function sourceOf(userAgent: string | null): Asker['source'] {
  return userAgent !== null && /^(?:routeiq|decimalai)\b/i.test(userAgent) ? 'sdk' : 'api'
}
