import type { AuditTrail } from '../audit/audit-trail.ts'
import { actorNamed } from '../audit/describe-actor.ts'
import type { InvocationRecord } from '../skills/functions/invoke-skill.ts'
import type { Telemetry } from './telemetry.ts'

/** A function was called: its metrics, its line of the log and its row of the audit. */
export function recordInvocation(
  { logger, metrics }: Telemetry,
  audit: AuditTrail,
  invocation: InvocationRecord,
): void {
  const { id, requestId, actor, name, type, namespace, status, durationMs } = invocation
  const skill = name.slice(0, 256)
  metrics.observeSkillInvocation(invocation)
  logger.log('info', 'skill_invoked', {
    ...{ invocation_id: id, request_id: requestId, skill, type, namespace, status },
    duration_ms: durationMs,
  })
  const isSuccess = status === 'ok' || status === 'client_action_required'
  audit.record({
    ...{ requestId, actor: actorNamed(actor), action: 'skill.invoke' },
    ...{ resourceType: 'skill', resourceId: skill },
    ...{ outcome: isSuccess ? 'success' : 'error', outcomeReason: isSuccess ? null : status },
    metadata: { type },
  })
}
