import type { PoolClient } from 'pg'
import type { MetadataChanges } from '../../skills/skill-store.ts'
import { touchSkills } from './epochs.ts'
import { chooseServed } from './write-skills.ts'

const columns: Readonly<Record<keyof MetadataChanges, string>> = {
  displayName: 'display_name',
  category: 'category',
  tags: 'tags',
  triggerPhrases: 'trigger_phrases',
  stability: 'stability',
  skillType: 'skill_type',
  skillScope: 'skill_scope',
  invocation: 'invocation',
  isActive: 'is_active',
  offerScope: 'offer_scope',
  visibility: 'visibility',
  defaultVersionId: 'default_version_id',
}

/** Sets the columns that are given. Whether there is such a skill. */
export async function updateMetadata(
  client: PoolClient,
  workspaceId: string,
  skillId: string,
  changes: MetadataChanges,
  now: number,
): Promise<boolean> {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const assignments = given.map(([key], index) => `${columns[key as keyof MetadataChanges]} = $${index + 4}`)
  await touchSkills(client, workspaceId, [skillId])
  const { rowCount } = await client.query(
    `UPDATE skills SET ${['updated_at = $3', ...assignments].join(', ')}
     WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`,
    [workspaceId, skillId, new Date(now), ...given.map(([, value]) => value)],
  )
  if (changes.defaultVersionId !== undefined) await chooseServed(client, [skillId])
  return rowCount === 1
}
