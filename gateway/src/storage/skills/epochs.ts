import type { PoolClient } from 'pg'

/**
 * Raises the epoch of a workspace and keeps other writers of it waiting until the transaction ends, so that whoever
 * sees an epoch sees everything that was written before it.
 */
export async function raiseEpoch(client: PoolClient, workspaceId: string): Promise<number> {
  const { rows } = await client.query<{ epoch: string }>(
    `INSERT INTO skill_workspaces (workspace_id, epoch) VALUES ($1, 1)
     ON CONFLICT (workspace_id) DO UPDATE SET epoch = skill_workspaces.epoch + 1 RETURNING epoch`,
    [workspaceId],
  )
  return Number(rows[0]?.epoch)
}

/** Marks skills as changed in a workspace: what reads changes by epoch sees them again. Returns the new epoch. */
export async function touchSkills(
  client: PoolClient,
  workspaceId: string,
  skillIds: readonly string[],
): Promise<number> {
  const epoch = await raiseEpoch(client, workspaceId)
  await client.query('UPDATE skills SET changed_epoch = $3 WHERE workspace_id = $1 AND id = ANY ($2)', [
    workspaceId,
    skillIds,
    epoch,
  ])
  return epoch
}
