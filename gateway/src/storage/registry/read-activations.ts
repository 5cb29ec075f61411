import type { ActivationDay } from '../../skills/registry/registry-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { fewestWorkspaces } from './refresh-standings.ts'

const statement = `
  SELECT to_char(e.day, 'YYYY-MM-DD') AS day, sum(e.activations)::int AS activations, sum(e.offers)::int AS decisions,
    sum(e.offers_activated)::int AS "decisionsActivated",
    count(DISTINCT e.workspace_id) FILTER (WHERE e.activations > 0)::int AS workspaces,
    (SELECT count(DISTINCT a.workspace_id) FROM effectiveness_rollup AS a JOIN evidence_sharing USING (workspace_id)
     WHERE a.skill_id = $1::text AND a.activations > 0 AND a.day > $2)::int AS "allWorkspaces"
  FROM effectiveness_rollup AS e JOIN evidence_sharing AS w USING (workspace_id)
  WHERE e.skill_id = $1::text AND e.day > $2
  GROUP BY e.day ORDER BY e.day`

/** How a public skill was used in the workspaces that share their evidence; null when too few of them did. */
export async function readActivations(
  database: Database,
  skillId: string,
  windowDays: number,
  now: number,
): Promise<readonly ActivationDay[] | null> {
  const after = new Date(now - windowDays * 86_400_000)
  const { rows } = await guardQuery(
    database.pool.query<ActivationDay & { allWorkspaces: number }>(statement, [skillId, after]),
  )
  if ((rows[0]?.allWorkspaces ?? 0) < fewestWorkspaces) return null
  return rows.map(({ allWorkspaces: _, ...day }) => day)
}
