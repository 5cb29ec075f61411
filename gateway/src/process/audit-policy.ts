import type { JudgedRequest } from '../policy-engine/policy-gate.ts'
import type { Logger } from '../telemetry/logger.ts'

/** One line of the audit log for a request the policy rules have judged. Keys are named by the beginning of their digest. */
export function auditPolicy(logger: Logger, { caller, exchange, models, decision }: JudgedRequest): void {
  const { action, rule, reason } = decision
  logger.log('info', 'audit', {
    action: 'policy.decision',
    actor_id: caller?.keyAlias ?? caller?.keyHash?.slice(0, 8) ?? null,
    user_id: caller?.userId ?? null,
    team_id: caller?.teamId ?? null,
    resource_type: 'route',
    resource_id: `${exchange.request.method} ${exchange.template}`,
    model: models.length === 0 ? null : models.map((model) => model.slice(0, 256)).join(' '),
    request_id: exchange.requestId,
    outcome: action === 'allow' ? 'success' : 'denied',
    outcome_reason: reason,
    rule,
  })
}
