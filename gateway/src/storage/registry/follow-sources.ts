import type { PoolClient } from 'pg'
import type { FollowedLink } from '../../skills/registry/registry-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { raiseEpoch } from '../skills/epochs.ts'

/** Links to a skill that is no longer public serve its last safe version for so long. */
export const graceDays = 30

interface Choice {
  readonly workspace_id: string
  readonly skill_id: string
  readonly name: string
  readonly served_version_id: string | null
  readonly chosen_id: string | null
  readonly source_epoch: string
}

/** The version a link should serve: its pin or the newest, if it is safe and was there while the skill was public. */
export const chosenVersion = `
  SELECT v.id FROM skill_versions AS v
  WHERE v.skill_id = s.id AND s.deleted_at IS NULL AND s.is_active AND v.deleted_at IS NULL
    AND NOT v.is_quarantined AND v.safety_status <> 'blocked'
    AND (r.unpublished_at IS NULL OR (r.unpublished_at > $1::timestamptz - interval '${graceDays} days'
      AND v.created_at_us <= extract(epoch FROM r.unpublished_at) * 1000000))
    AND (l.pinned_version_id IS NULL OR v.id = l.pinned_version_id)
  ORDER BY (v.id IS NOT DISTINCT FROM s.default_version_id) DESC, v.version_number DESC LIMIT 1`

const outdatedStatement = `
  SELECT l.workspace_id, l.skill_id, l.name, l.served_version_id, c.id AS chosen_id,
    s.changed_epoch AS source_epoch
  FROM skill_links AS l
  JOIN skills AS s ON s.id = l.skill_id
  JOIN registry_entries AS r ON r.skill_id = l.skill_id
  LEFT JOIN LATERAL (${chosenVersion}) AS c ON true
  WHERE l.removed_at IS NULL AND ($2::text IS NULL OR s.workspace_id = $2)
    AND (l.served_version_id IS DISTINCT FROM c.id OR l.source_epoch <> s.changed_epoch)`

/**
 * Brings links in line with their sources: new versions, changed descriptions, what was found unsafe, deleted, or is no
 * longer public. Each workspace is written in a transaction of its own, so that owners who use each other's skills
 * never wait for one another.
 */
export async function followSources(
  database: Database,
  ownerId: string | null,
  now: number,
): Promise<readonly FollowedLink[]> {
  const { rows } = await guardQuery(database.pool.query<Choice>(outdatedStatement, [new Date(now), ownerId]))
  for (const workspaceId of new Set(rows.map((row) => row.workspace_id))) {
    const choices = rows.filter((row) => row.workspace_id === workspaceId)
    await inTransaction(database, (client) => apply(client, workspaceId, choices))
  }
  return rows.map((row) => ({
    workspaceId: row.workspace_id,
    skillId: row.skill_id,
    name: row.name,
    isLost: row.chosen_id === null && row.served_version_id !== null,
  }))
}

async function apply(client: PoolClient, workspaceId: string, choices: readonly Choice[]): Promise<void> {
  const epoch = await raiseEpoch(client, workspaceId)
  await client.query(
    `UPDATE skill_links AS l SET served_version_id = c.chosen, source_epoch = c.source, changed_epoch = $2
     FROM unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS c (skill_id, chosen, source)
     WHERE l.workspace_id = $1 AND l.skill_id = c.skill_id AND l.source_epoch <= c.source`,
    [
      workspaceId,
      epoch,
      choices.map((choice) => choice.skill_id),
      choices.map((choice) => choice.chosen_id),
      choices.map((choice) => choice.source_epoch),
    ],
  )
}
