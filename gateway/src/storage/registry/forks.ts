import { GatewayError } from '@routeiq/contract'
import type { PoolClient } from 'pg'

/** A claim without a copy is given up after so long: whoever made it has died. */
const claimMinutes = 2

export interface ForkClaim {
  readonly workspaceId: string
  readonly skillId: string
  readonly versionId: string
  readonly now: number
}

/** Claims the one copy a workspace may have of a skill. Errors: `conflict`, with the name of the copy in `X-Installed-As`. */
export async function claimFork(
  client: PoolClient,
  { workspaceId, skillId, versionId, now }: ForkClaim,
): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO skill_forks AS f (workspace_id, upstream_skill_id, upstream_version_id, created_at)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (workspace_id, upstream_skill_id) DO UPDATE SET upstream_version_id = excluded.upstream_version_id,
       created_at = excluded.created_at, copy_id = NULL, detached_at = NULL
     WHERE (f.copy_id IS NULL AND f.created_at < excluded.created_at - interval '${claimMinutes} minutes')
       OR EXISTS (SELECT 1 FROM skills AS s WHERE s.id = f.copy_id AND s.deleted_at IS NOT NULL)`,
    [workspaceId, skillId, versionId, new Date(now)],
  )
  if (rowCount === 1) return
  const { rows } = await client.query<{ name: string }>(
    `SELECT s.name FROM skill_forks AS f JOIN skills AS s ON s.id = f.copy_id
     WHERE f.workspace_id = $1 AND f.upstream_skill_id = $2`,
    [workspaceId, skillId],
  )
  const name = rows[0]?.name
  if (name === undefined) throw new GatewayError('conflict', 'The skill is being copied already.')
  throw new GatewayError('conflict', `The workspace has a copy of this skill already: ${name}.`, {
    headers: { 'x-installed-as': name },
  })
}
