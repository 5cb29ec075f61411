import type { KeyRecord } from '../../storage/key-store.ts'

/** A stored key as the management routes show it; never the key itself. Times are ISO 8601. */
export function formatKeyRow(record: KeyRecord): Record<string, unknown> {
  return {
    ...record.settings,
    token: record.tokenHash,
    key_name: record.keyName,
    key_alias: record.keyAlias,
    user_id: record.userId,
    team_id: record.teamId,
    organization_id: record.organizationId,
    models: record.models,
    aliases: record.aliases,
    allowed_routes: record.allowedRoutes,
    tags: record.tags,
    metadata: record.metadata,
    blocked: record.blocked,
    spend: record.settings['spend'] ?? 0,
    expires: record.expiresAt === null ? null : new Date(record.expiresAt).toISOString(),
    created_by: record.createdBy,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  }
}
