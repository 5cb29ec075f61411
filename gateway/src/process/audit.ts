import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type AuditRecord, nameMembers } from '../audit/audit-record.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import { AuditTrail } from '../audit/audit-trail.ts'
import { CheckpointSigner } from '../audit/checkpoint.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { HubOptions } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

/** The audit log of one serving process, mirrored to the log. */
export function openAudit(
  store: AuditStore,
  { audit }: GatewayConfig,
  { logger, metrics, redactText }: Telemetry,
  now: () => number,
): AuditTrail {
  return new AuditTrail({
    store: audit.isEnabled ? store : null,
    failMode: {
      changes: audit.refusesUnrecordedChanges ? 'closed' : 'open',
      calls: audit.refusesUnrecordedCalls ? 'closed' : 'open',
    },
    redact: redactText,
    mirror: (record) => logger.log('info', 'audit', describeRecord(record)),
    onWriteFailed: (error, waiting) => {
      metrics.countAuditWriteFailure()
      const reason = error instanceof Error ? error.message : null
      logger.log('error', 'audit_not_written', { reason, waiting })
    },
    onDropped: metrics.countDroppedAuditRow,
    newId: randomUUID,
    now,
  })
}

/** How the log is kept by the process that owns the database. Checkpoints go to the log, out of the database's reach. */
export function auditOptions({ audit, identity }: GatewayConfig, { logger }: Telemetry): HubOptions['audit'] {
  return {
    chain: audit.node ?? hostname(),
    signer: auditSigner(identity),
    retentionDays: audit.retentionDays,
    onCheckpoint: ({ chain, seq, kind, hash, at, keyId, signature }) =>
      logger.log('info', 'audit_checkpoint', { chain, seq, kind, hash, at, key_id: keyId, signature }),
  }
}

function describeRecord(record: AuditRecord): Readonly<Record<string, string | number | boolean | null>> {
  // The log has a time of its own.
  const { id, timestamp: _, metadata, ...members } = nameMembers(record)
  return { ...metadata, audit_id: id, ...members }
}

/** What checkpoints are signed with, the same in every process; null without a secret to derive it from. */
export function auditSigner({ saltKey, masterKey }: GatewayConfig['identity']): CheckpointSigner | null {
  const secret = saltKey ?? masterKey
  return secret === null ? null : new CheckpointSigner(secret)
}
