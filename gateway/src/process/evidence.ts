import { randomUUID } from 'node:crypto'
import type { EvidenceConfig } from '../config/config.ts'
import { loadEffectiveness } from '../evidence/analytics/load-effectiveness.ts'
import type { EvidenceDependencies, WebhookParts } from '../evidence/api/evidence-dependencies.ts'
import { DecisionLog } from '../evidence/decisions/decision-log.ts'
import { EffectivenessSource } from '../evidence/effectiveness-source.ts'
import { FeedbackSource } from '../evidence/feedback-source.ts'
import { TraceWriter } from '../evidence/traces/trace-writer.ts'
import type { Hub } from './hub.ts'
import type { Telemetry } from './telemetry.ts'

/** The evidence of one process: what the hot path reads and writes, and what the routes work with. */
export interface Evidence {
  readonly decisions: DecisionLog
  readonly effectiveness: EffectivenessSource
  readonly feedback: FeedbackSource
  readonly routes: Omit<EvidenceDependencies, 'identity' | 'quotas' | 'idempotent' | 'judgeCalls'>
  /** Writes what waits. */
  close(): Promise<void>
}

export interface EvidenceOptions {
  readonly hub: Hub
  readonly telemetry: Telemetry
  readonly config: EvidenceConfig
  readonly webhooks: WebhookParts
  readonly now: () => number
}

export function openEvidence({ hub, telemetry, config, webhooks, now }: EvidenceOptions): Evidence {
  const { evidence: store, skills } = hub
  const warn = (event: string, error: unknown, fields: object = {}): void =>
    telemetry.logger.log('warn', event, { ...fields, reason: error instanceof Error ? error.message : null })
  const decisions = new DecisionLog({
    store,
    onWriteFailed: (error, waiting) => {
      telemetry.metrics.countDecisionWriteFailure()
      warn('routing_decisions_not_written', error, { waiting })
    },
  })
  const effectiveness = new EffectivenessSource({
    load: (workspaceId) => loadEffectiveness(store, workspaceId, now()),
    onLoadFailed: (error) => warn('effectiveness_not_read', error),
  })
  return {
    decisions,
    effectiveness,
    feedback: new FeedbackSource(store),
    routes: {
      store,
      decisions,
      skills,
      traceWriter: new TraceWriter(store),
      webhooks,
      countTraces: telemetry.metrics.countTraces,
      requireManifest: config.requireManifest,
      now,
      newId: randomUUID,
    },
    close: async () => {
      effectiveness.close()
      await decisions.close()
    },
  }
}
