import { OctetText } from '../../http/octet-text.ts'
import { formatEnvelope } from '../envelope.ts'
import { type Asker, type Offer, toRoutingDecision } from '../record-decision.ts'
import type { Routed } from '../skill-router.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'

/** What is answered and kept of a decision. */
export interface Offered {
  readonly offer: Offer
  readonly content: string
}

/** Records a decision and writes its envelope. One that cannot be recorded is answered all the same. */
export function answerDecision(
  { decisions, degradations }: SkillRouterRoutesDependencies,
  routed: Routed,
  asker: Asker,
  { offer, content }: Offered,
): OctetText {
  if (routed.routingId === null) return new OctetText(formatEnvelope(routed, false, content))
  const persisted = decisions.record(toRoutingDecision(routed, asker, offer))
  const failure = persisted ? null : degradations.record('decision_write_failed', null)
  const { routingId, decision, degradedReason } = routed
  const answered = { routingId, decision, degradedReason: degradedReason ?? failure }
  return new OctetText(formatEnvelope(answered, persisted, content))
}

/** Our packages say who they are. */
export function sourceOf(userAgent: string | null): Asker['source'] {
  return userAgent !== null && /^(?:routeiq|decimalai)\b/i.test(userAgent) ? 'sdk' : 'api'
}
