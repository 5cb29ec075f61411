import type { Caller } from '../../identity/caller.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import type { IdempotentAnswers } from '../../rest/idempotency.ts'
import type { ModelCalls } from '../../skills/benchmarks/model-calls.ts'
import type { SkillStore } from '../../skills/skill-store.ts'
import type { DecisionLog } from '../decisions/decision-log.ts'
import type { EvidenceStore } from '../evidence-store.ts'
import type { TraceWriter } from '../traces/trace-writer.ts'

/** What webhooks need beside the store. */
export interface WebhookParts {
  /** Throws `invalid_request` for a URL that may not be called. */
  readonly requireTarget: (url: string) => void
  readonly newSecret: () => string
  /** Errors: 503 `encryption_not_configured`. */
  readonly sealSecret: (workspaceId: string, webhookId: string, secret: string) => string
  readonly newMessageId: () => string
}

/** What the routes of evidence work with. */
export interface EvidenceDependencies {
  readonly identity: Identity
  readonly store: EvidenceStore
  readonly decisions: DecisionLog
  readonly traceWriter: TraceWriter
  readonly skills: Pick<SkillStore, 'find' | 'listVersions' | 'listVersionNumbers'>
  readonly webhooks: WebhookParts
  readonly quotas: Pick<Quotas, 'take' | 'requireFeature'>
  readonly idempotent: IdempotentAnswers
  /** What a judge is asked: charged to the caller, and counted. */
  readonly judgeCalls: (workspaceId: string, caller: Caller) => ModelCalls
  /** Whether traces must name a registered manifest. */
  readonly requireManifest: boolean
  readonly countTraces: (outcome: 'stored' | 'refused' | 'failed', count: number) => void
  readonly now: () => number
  /** A new UUID. */
  readonly newId: () => string
}
