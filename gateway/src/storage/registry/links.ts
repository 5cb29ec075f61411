import type { PoolClient } from 'pg'
import type { NewLink, SkillLink } from '../../skills/registry/registry-store.ts'
import { raiseEpoch } from '../skills/epochs.ts'
import { chosenVersion } from './follow-sources.ts'

export interface LinkContext {
  readonly workspaceId: string
  readonly skillId: string
  readonly now: number
  readonly newId: () => string
}

/** Makes or changes the link of a workspace to a public skill; agents named are assigned in the same step. */
export async function saveLink(
  client: PoolClient,
  { workspaceId, skillId, now, newId }: LinkContext,
  { scope, agents, pinnedVersionId, createdBy }: NewLink,
): Promise<SkillLink> {
  const epoch = await raiseEpoch(client, workspaceId)
  const time = new Date(now)
  await client.query(
    `INSERT INTO skill_links AS l (workspace_id, skill_id, id, name, offer_scope, pinned_version_id, source_epoch,
       changed_epoch, created_by, created_at)
     SELECT $1, s.id, $3, s.name, $4, $5, s.changed_epoch, $6, $7, $8 FROM skills AS s WHERE s.id = $2
     ON CONFLICT (workspace_id, skill_id) DO UPDATE SET offer_scope = excluded.offer_scope,
       pinned_version_id = excluded.pinned_version_id, source_epoch = excluded.source_epoch,
       changed_epoch = excluded.changed_epoch, removed_at = NULL`,
    [
      ...[workspaceId, skillId, newId(), scope === 'agent' ? 'restricted' : 'workspace'],
      ...[pinnedVersionId, epoch, createdBy, time],
    ],
  )
  await client.query(
    `UPDATE skill_links AS l SET served_version_id = (${chosenVersion})
     FROM skills AS s, registry_entries AS r
     WHERE l.workspace_id = $2 AND l.skill_id = $3 AND s.id = l.skill_id AND r.skill_id = l.skill_id`,
    [time, workspaceId, skillId],
  )
  for (const agent of agents)
    await client.query(
      `INSERT INTO agent_skills (workspace_id, agent_name, skill_id, id, pinned_version_id, created_at)
       VALUES ($1, $2, $3, $4, NULL, $5) ON CONFLICT DO NOTHING`,
      [workspaceId, agent, skillId, newId(), time],
    )
  const { rows } = await client.query<SkillLink>(linkStatement, [workspaceId, skillId])
  const [link] = rows
  if (link === undefined) throw new Error('The database returned no row for a link')
  return link
}

const linkStatement = `
  SELECT l.id, l.skill_id AS "skillId", l.name, l.pinned_version_id AS "pinnedVersionId",
    CASE l.offer_scope WHEN 'restricted' THEN 'agent' ELSE 'workspace' END AS scope,
    ARRAY(SELECT a.agent_name FROM agent_skills AS a
      WHERE a.workspace_id = l.workspace_id AND a.skill_id = l.skill_id ORDER BY a.agent_name) AS agents,
    EXISTS (SELECT 1 FROM skills AS o WHERE o.workspace_id = l.workspace_id AND o.name = l.name
      AND o.deleted_at IS NULL) AS "isShadowed"
  FROM skill_links AS l WHERE l.workspace_id = $1 AND l.skill_id = $2 AND l.removed_at IS NULL`

/** Ends a link and the assignments that came with it. Whether there was one. */
export async function removeLink(
  client: PoolClient,
  { workspaceId, skillId, now }: Omit<LinkContext, 'newId'>,
): Promise<boolean> {
  const epoch = await raiseEpoch(client, workspaceId)
  const { rowCount } = await client.query(
    `UPDATE skill_links SET removed_at = $3, changed_epoch = $4
     WHERE workspace_id = $1 AND skill_id = $2 AND removed_at IS NULL`,
    [workspaceId, skillId, new Date(now), epoch],
  )
  if (rowCount === 0) return false
  await client.query('DELETE FROM agent_skills WHERE workspace_id = $1 AND skill_id = $2', [
    workspaceId,
    skillId,
  ])
  return true
}
