import type { PoolClient } from 'pg'
import type { KeyRecord } from '../key-store.ts'
import type { MembershipRecord, SubjectRecord } from '../subject-store.ts'

/** How many rows of a batch were written; the others were there already and stay as they are. */
type Written = number

const toIso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

export async function writeSubjects(client: PoolClient, records: readonly SubjectRecord[]): Promise<Written> {
  const rows = records.map(({ organizationId, createdAt, createdBy, updatedAt, ...row }) => ({
    ...row,
    ...{ organization_id: organizationId, created_by: createdBy },
    ...{ created_at: toIso(createdAt), updated_at: toIso(updatedAt) },
  }))
  const { rowCount } = await client.query(
    `INSERT INTO subjects (kind, id, alias, organization_id, blocked, models, metadata, settings, created_at, created_by, updated_at)
     SELECT kind, id, alias, organization_id, blocked, models, metadata, settings, created_at, created_by, updated_at
     FROM jsonb_to_recordset($1::jsonb) AS row (kind text, id text, alias text, organization_id text, blocked boolean,
       models text[], metadata jsonb, settings jsonb, created_at timestamptz, created_by text, updated_at timestamptz)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  )
  return rowCount ?? 0
}

export async function writeMemberships(
  client: PoolClient,
  records: readonly MembershipRecord[],
): Promise<Written> {
  const rows = records.map(({ kind, groupId, userId, role, settings, createdAt, updatedAt }) => ({
    ...{ kind, group_id: groupId, user_id: userId, role, settings },
    ...{ created_at: toIso(createdAt), updated_at: toIso(updatedAt) },
  }))
  const { rowCount } = await client.query(
    `INSERT INTO memberships (kind, group_id, user_id, role, settings, created_at, updated_at)
     SELECT kind, group_id, user_id, role, settings, created_at, updated_at
     FROM jsonb_to_recordset($1::jsonb) AS row (kind text, group_id text, user_id text, role text, settings jsonb,
       created_at timestamptz, updated_at timestamptz)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  )
  return rowCount ?? 0
}

/** The digests that were written. A key whose alias another one has goes without it. */
export async function writeKeys(
  client: PoolClient,
  records: readonly KeyRecord[],
): Promise<{ readonly written: Written; readonly withoutAlias: Written }> {
  const rows = records.map((record) => ({
    token_hash: record.tokenHash,
    key_name: record.keyName,
    key_alias: record.keyAlias,
    ...{ user_id: record.userId, team_id: record.teamId, organization_id: record.organizationId },
    ...{ models: record.models, aliases: record.aliases, allowed_routes: record.allowedRoutes },
    ...{ tags: record.tags, metadata: record.metadata, blocked: record.blocked, settings: record.settings },
    ...{ expires_at: toIso(record.expiresAt), created_by: record.createdBy },
    ...{ created_at: toIso(record.createdAt), updated_at: toIso(record.updatedAt) },
  }))
  const { rows: written } = await client.query<{ had_alias: boolean; key_alias: string | null }>(
    `WITH given AS (
       SELECT *, row_number() OVER (PARTITION BY key_alias ORDER BY created_at, token_hash) AS place
       FROM jsonb_to_recordset($1::jsonb) AS row (token_hash text, key_name text, key_alias text, user_id text, team_id text,
         organization_id text, models text[], aliases jsonb, allowed_routes text[], tags text[], metadata jsonb,
         blocked boolean, expires_at timestamptz, created_at timestamptz, created_by text, updated_at timestamptz,
         settings jsonb)
       WHERE NOT EXISTS (SELECT 1 FROM virtual_keys WHERE virtual_keys.token_hash = row.token_hash)
     ), inserted AS (
       INSERT INTO virtual_keys (token_hash, key_name, key_alias, user_id, team_id, organization_id, models, aliases,
         allowed_routes, tags, metadata, blocked, expires_at, created_at, created_by, updated_at, settings)
       SELECT token_hash, key_name,
         CASE WHEN place = 1 AND NOT EXISTS (SELECT 1 FROM virtual_keys WHERE virtual_keys.key_alias = given.key_alias)
           THEN key_alias END,
         user_id, team_id, organization_id, models, aliases, allowed_routes, tags, metadata, blocked, expires_at,
         created_at, created_by, updated_at, settings
       FROM given
       RETURNING token_hash, key_alias
     )
     SELECT given.key_alias IS NOT NULL AS had_alias, inserted.key_alias FROM inserted JOIN given USING (token_hash)`,
    [JSON.stringify(rows)],
  )
  const withoutAlias = written.filter(({ had_alias, key_alias }) => had_alias && key_alias === null).length
  return { written: written.length, withoutAlias }
}
