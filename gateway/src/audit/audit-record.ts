export type AuditOutcome = 'success' | 'denied' | 'error'

/** Who did it. Keys are named by the beginning of their digest, people by their id. */
export interface AuditActor {
  readonly type: 'admin_key' | 'api_key' | 'user' | 'unknown'
  readonly id: string | null
  /** The user whose key it was. */
  readonly userId: string | null
}

export type AuditMetadata = Readonly<Record<string, string | number | boolean | null>>

/** Something that was done or tried, as those who do it tell it. Holds no prompt, argument, result or secret. */
export interface AuditEvent {
  /** Null for what no request caused. */
  readonly requestId: string | null
  readonly actor: AuditActor
  /** `management.key.generate`, `mcp.tool.call`, … */
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string | null
  readonly outcome: AuditOutcome
  readonly outcomeReason?: string | null
  readonly metadata?: AuditMetadata
}

/** One row of the audit log. */
export interface AuditRecord {
  readonly id: string
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly requestId: string | null
  readonly actorType: AuditActor['type']
  readonly actorId: string | null
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string | null
  readonly outcome: AuditOutcome
  readonly outcomeReason: string | null
  readonly metadata: AuditMetadata
}

/** What the gateway does by itself. */
export const gatewayActor: AuditActor = { type: 'unknown', id: 'gateway', userId: null }

/** A row as answers and tables name its members. */
export function nameMembers(record: AuditRecord) {
  return {
    id: record.id,
    timestamp: new Date(record.timestamp).toISOString(),
    request_id: record.requestId,
    actor_type: record.actorType,
    actor_id: record.actorId,
    action: record.action,
    resource_type: record.resourceType,
    resource_id: record.resourceId,
    outcome: record.outcome,
    outcome_reason: record.outcomeReason,
    metadata: record.metadata,
  }
}
