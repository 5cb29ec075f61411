import type { PromisedChoice } from '../../model-routing/choice-store.ts'
import type { Database } from '../database/database.ts'
import { joinBestScore } from './best-score.ts'

interface PromisedRow {
  readonly router: string
  readonly bundle_id: string
  readonly arm: string
  readonly propensity: number
  readonly score: number
  readonly promise: { readonly epsilon: number; readonly delta: number; readonly reference: string }
  /** What was expected of the reference model; null where it is not among the candidates. */
  readonly expected: number | null
}

/** Judged choices under a promise, newest first. Those of the reference alone, after a breach, say nothing of it. */
export async function listPromised(
  { pool }: Database,
  since: number,
  limit: number,
): Promise<readonly PromisedChoice[]> {
  const text = `
    SELECT c.router, c.bundle_id, c.arm, c.propensity, best.score, c.details->'promise' AS promise,
      (SELECT (one->>'q')::float8 FROM jsonb_array_elements(c.details->'candidates') one
        WHERE one->>'model' = c.details->'promise'->>'reference' LIMIT 1) AS expected
    FROM model_choices c ${joinBestScore}
    WHERE c.created_at >= $1 AND c.details->>'mode' = 'guarantee' AND best.score IS NOT NULL AND c.propensity > 0
      AND NOT c.details->'reasons' ? 'guarantee_broken'
    ORDER BY c.created_at DESC LIMIT $2`
  const { rows } = await pool.query<PromisedRow>(text, [new Date(since), limit])
  return rows.flatMap(({ router, bundle_id: bundleId, arm, propensity, score, promise, expected }) =>
    expected === null
      ? []
      : [{ router, bundleId, propensity, score, promise, expected, isReference: arm === promise.reference }],
  )
}
