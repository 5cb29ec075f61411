import type { AuditEvent } from '../audit/audit-record.ts'
import { describeActor } from '../audit/describe-actor.ts'
import type { JudgedRequest } from '../policy-engine/policy-gate.ts'

/** The event of a request that the policy rules have judged. */
export function describeJudgement({ caller, exchange, models, decision }: JudgedRequest): AuditEvent {
  const { action, rule, reason } = decision
  return {
    requestId: exchange.requestId,
    actor: describeActor(caller),
    action: 'policy.decision',
    resourceType: 'route',
    resourceId: `${exchange.request.method} ${exchange.template}`,
    outcome: action === 'allow' ? 'success' : 'denied',
    outcomeReason: reason,
    metadata: {
      key_alias: caller?.keyAlias ?? null,
      team_id: caller?.teamId ?? null,
      model: models.length === 0 ? null : models.map((model) => model.slice(0, 256)).join(' '),
      rule,
    },
  }
}
