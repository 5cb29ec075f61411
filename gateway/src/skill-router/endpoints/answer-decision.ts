import type { OfferedSkill } from '../../evidence/decisions/routing-decision.ts'
import { formatEnvelope } from '../envelope.ts'
import { type Asker, toRoutingDecision } from '../record-decision.ts'
import type { Routed } from '../skill-router.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/** What is answered and kept of a decision. */
export interface Offered {
  readonly offered: readonly OfferedSkill[]
  readonly content: string
}

/** Records a decision and writes its envelope. One that cannot be recorded is answered all the same. */
export function answerDecision(
  { decisions, degradations }: SkillRouterRoutesDependencies,
  routed: Routed,
  asker: Asker,
  { offered, content }: Offered,
): Buffer {
  if (routed.routingId === null) return formatEnvelope(routed, false, content)
  const persisted = decisions.record(toRoutingDecision(routed, asker, offered))
  const failure = persisted ? null : degradations.record('decision_write_failed', null)
  return formatEnvelope({ ...routed, degradedReason: routed.degradedReason ?? failure }, persisted, content)
}

/** Our packages say who they are. */
export function sourceOf(userAgent: string | null): Asker['source'] {
  return userAgent !== null && /^(?:routeiq|decimalai)\b/i.test(userAgent) ? 'sdk' : 'api'
}
