import type { PoolClient } from 'pg'
import type { Publication } from '../../skills/registry/registry-store.ts'

/** Makes a skill public, or changes how. False when the workspace has no such skill. */
export async function publish(
  client: PoolClient,
  { workspaceId, skillId, now }: { workspaceId: string; skillId: string; now: number },
  { category, tags, authorDisplayName }: Publication,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO registry_entries AS r (skill_id, workspace_id, name, url_slug, category, tags, badge,
       author_display_name, published_at)
     SELECT s.id, s.workspace_id, s.name, s.url_slug, $3, $4, 'community', $5, $6
     FROM skills AS s WHERE s.workspace_id = $1 AND s.id = $2 AND s.deleted_at IS NULL
     ON CONFLICT (skill_id) DO UPDATE SET category = excluded.category, tags = excluded.tags,
       author_display_name = excluded.author_display_name, unpublished_at = NULL,
       published_at = CASE WHEN r.unpublished_at IS NULL THEN r.published_at ELSE excluded.published_at END`,
    [workspaceId, skillId, category, tags, authorDisplayName, new Date(now)],
  )
  if (rowCount === 0) return false
  await setVisibility(client, skillId, 'public')
  return true
}

/** Takes a skill back; its copies forget where they come from. Null when it is not public. */
export async function unpublish(
  client: PoolClient,
  { workspaceId, skillId, now }: { workspaceId: string; skillId: string; now: number },
): Promise<number | null> {
  const ended = await client.query(
    `UPDATE registry_entries SET unpublished_at = $3
     WHERE workspace_id = $1 AND skill_id = $2 AND unpublished_at IS NULL`,
    [workspaceId, skillId, new Date(now)],
  )
  if (ended.rowCount === 0) return null
  await setVisibility(client, skillId, 'workspace')
  const detached = await client.query(
    `UPDATE skill_forks AS f SET detached_at = $2 FROM skills AS s
     WHERE f.upstream_skill_id = $1 AND f.detached_at IS NULL AND s.id = f.copy_id AND s.deleted_at IS NULL`,
    [skillId, new Date(now)],
  )
  return detached.rowCount ?? 0
}

async function setVisibility(client: PoolClient, skillId: string, visibility: string): Promise<void> {
  await client.query('UPDATE skills SET visibility = $2 WHERE id = $1', [skillId, visibility])
}
