import type { AlertStore } from './alerts/alert.ts'
import type { RollupStore } from './analytics/rollup-store.ts'
import type { DecisionStore } from './decisions/decision-store.ts'
import type { EvaluatorStore } from './evaluators/evaluator.ts'
import type { ManifestStore } from './manifests/manifest.ts'
import type { TraceStore } from './traces/trace-store.ts'
import type { WebhookStore } from './webhooks/webhook.ts'

/** Everything that is recorded about skills at work. Workers reach it over IPC: arguments and results can be cloned. */
export type EvidenceStore = DecisionStore &
  TraceStore &
  RollupStore &
  ManifestStore &
  EvaluatorStore &
  AlertStore &
  WebhookStore
