import type { EvidenceStore } from '../../evidence/evidence-store.ts'
import type { Database } from '../database/database.ts'
import { createSqlAlertStore } from './sql-alert-store.ts'
import { createSqlDecisionStore } from './sql-decision-store.ts'
import { createSqlEvaluatorStore } from './sql-evaluator-store.ts'
import { createSqlManifestStore } from './sql-manifest-store.ts'
import { createSqlRollupStore } from './sql-rollup-store.ts'
import { createSqlTraceStore } from './sql-trace-store.ts'
import { createSqlWebhookStore } from './sql-webhook-store.ts'

/** All evidence over SQL. */
export function createSqlEvidenceStore(database: Database, now: () => number): EvidenceStore {
  return {
    ...createSqlDecisionStore(database, now),
    ...createSqlTraceStore(database),
    ...createSqlRollupStore(database, now),
    ...createSqlManifestStore(database),
    ...createSqlEvaluatorStore(database),
    ...createSqlAlertStore(database),
    ...createSqlWebhookStore(database),
  }
}
