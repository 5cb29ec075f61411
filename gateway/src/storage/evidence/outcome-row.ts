import type { Outcome, OutcomeKind } from '../../evidence/outcomes/outcome.ts'

export interface OutcomeRow {
  readonly subject: string
  readonly kind: OutcomeKind
  readonly name: string
  readonly verdict: Outcome['verdict']
  readonly score: number | null
  readonly reason: string | null
  readonly detail: Outcome['detail']
  readonly updated_at: Date
}

export const outcomeRecord =
  'subject text, kind text, name text, verdict text, score double precision, reason text, detail jsonb, updated_at timestamptz'

/** Parameters: the workspace, and rows as JSON of which none may have the same subject, kind and name. */
export const saveOutcomesStatement = `
INSERT INTO outcomes
  (workspace_id, subject, kind, name, verdict, score, reason, detail, created_at, updated_at)
SELECT $1, subject, kind, name, verdict, score, reason, detail, updated_at, updated_at
FROM json_to_recordset($2::json) AS row (${outcomeRecord})
ON CONFLICT (workspace_id, subject, kind, name) DO UPDATE SET
  verdict = excluded.verdict, score = excluded.score, reason = excluded.reason, detail = excluded.detail,
  updated_at = excluded.updated_at`

export function outcomeToRow({ updatedAt, ...outcome }: Outcome): object {
  return { ...outcome, updated_at: new Date(updatedAt) }
}

export function outcomeFromRow(row: OutcomeRow): Outcome {
  const { subject, kind, name, verdict, score, reason, detail, updated_at } = row
  return { subject, kind, name, verdict, score, reason, detail, updatedAt: updated_at.getTime() }
}
