import type { PoolClient } from 'pg'
import type { ScanSummary, VersionAddress } from '../../skills/skill-store.ts'
import { touchSkills } from './epochs.ts'
import { chooseServed } from './write-skills.ts'

/** Whether what may be served has changed by it. */
export async function saveScan(
  client: PoolClient,
  { workspaceId, skillId, versionId }: VersionAddress,
  { status, isQuarantined, scannerVersion, result }: ScanSummary,
): Promise<boolean> {
  const { rows } = await client.query<{ is_changed: boolean }>(
    `UPDATE skill_versions AS v
     SET safety_status = $4, is_quarantined = $5, scanner_version = $6, scan = $7
     FROM skills AS s, skill_versions AS before
     WHERE s.workspace_id = $1 AND s.id = $2 AND v.skill_id = s.id AND v.id = $3 AND before.id = v.id
     RETURNING (before.safety_status, before.is_quarantined) IS DISTINCT FROM ($4::text, $5::boolean) AS is_changed`,
    [workspaceId, skillId, versionId, status, isQuarantined, scannerVersion, JSON.stringify(result)],
  )
  if (rows[0]?.is_changed !== true) return false
  await touchSkills(client, workspaceId, [skillId])
  await chooseServed(client, [skillId])
  return true
}
