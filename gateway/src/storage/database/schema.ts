import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { ServiceTier } from '../../conversation/service-tier.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

export const virtualKeys = pgTable('virtual_keys', {
  tokenHash: text('token_hash').primaryKey(),
  keyName: text('key_name').notNull(),
  keyAlias: text('key_alias').unique('virtual_keys_key_alias_key'),
  userId: text('user_id'),
  teamId: text('team_id'),
  organizationId: text('organization_id'),
  models: text('models').array().$type<readonly string[]>().notNull(),
  aliases: jsonb('aliases').$type<Readonly<Record<string, string>>>().notNull(),
  allowedRoutes: text('allowed_routes').array().$type<readonly string[]>().notNull(),
  tags: text('tags').array().$type<readonly string[]>().notNull(),
  metadata: jsonb('metadata').$type<Readonly<Record<string, unknown>>>().notNull(),
  blocked: boolean('blocked').notNull(),
  expiresAt: time('expires_at'),
  createdAt: time('created_at').notNull(),
  createdBy: text('created_by'),
  updatedAt: time('updated_at').notNull(),
  settings: jsonb('settings').$type<Readonly<Record<string, unknown>>>().notNull(),
})

export const keyDigests = pgTable(
  'key_digests',
  { account: text('account').notNull(), digest: text('digest').notNull() },
  (table) => [primaryKey({ columns: [table.account, table.digest] })],
)

export const retiredKeys = pgTable('retired_keys', {
  tokenHash: text('token_hash').primaryKey(),
  successor: text('successor').notNull(),
  validUntil: time('valid_until').notNull(),
  handover: text('handover'),
})

export const subjects = pgTable(
  'subjects',
  {
    kind: text('kind').notNull(),
    id: text('id').notNull(),
    alias: text('alias'),
    organizationId: text('organization_id'),
    blocked: boolean('blocked').notNull(),
    models: text('models').array().$type<readonly string[]>().notNull(),
    metadata: jsonb('metadata').$type<Readonly<Record<string, unknown>>>().notNull(),
    settings: jsonb('settings').$type<Readonly<Record<string, unknown>>>().notNull(),
    createdAt: time('created_at').notNull(),
    createdBy: text('created_by'),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
)

export const memberships = pgTable(
  'memberships',
  {
    kind: text('kind').notNull(),
    groupId: text('group_id').notNull(),
    userId: text('user_id').notNull(),
    role: text('role').notNull(),
    settings: jsonb('settings').$type<Readonly<Record<string, unknown>>>().notNull(),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.groupId, table.userId] })],
)

export const spendHours = pgTable(
  'spend_hours',
  {
    kind: text('kind').notNull(),
    id: text('id').notNull(),
    hour: time('hour').notNull(),
    spendNanoUsd: bigint('spend_nano_usd', { mode: 'bigint' }).notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    failed: bigint('failed', { mode: 'number' }).notNull(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id, table.hour] })],
)

export const spendLogs = pgTable(
  'spend_logs',
  {
    entryId: text('entry_id').primaryKey(),
    requestId: text('request_id').notNull(),
    attempt: integer('attempt').notNull(),
    callType: text('call_type').notNull(),
    dialect: text('dialect').notNull(),
    startedAt: time('started_at').notNull(),
    firstTokenAt: time('first_token_at'),
    endedAt: time('ended_at').notNull(),
    keyHash: text('key_hash'),
    userId: text('user_id'),
    teamId: text('team_id'),
    organizationId: text('organization_id'),
    endUser: text('end_user'),
    tags: jsonb('tags').$type<readonly string[]>().notNull(),
    requestedModel: text('requested_model').notNull(),
    modelGroup: text('model_group'),
    deploymentId: text('deployment_id'),
    provider: text('provider'),
    upstreamModel: text('upstream_model'),
    apiBase: text('api_base'),
    status: integer('status').notNull(),
    errorCode: text('error_code'),
    inputTokens: bigint('input_tokens', { mode: 'number' }),
    outputTokens: bigint('output_tokens', { mode: 'number' }),
    cacheReadTokens: bigint('cache_read_tokens', { mode: 'number' }),
    cacheWriteTokens: bigint('cache_write_tokens', { mode: 'number' }),
    cacheWriteOneHourTokens: bigint('cache_write_one_hour_tokens', { mode: 'number' }),
    reasoningTokens: bigint('reasoning_tokens', { mode: 'number' }),
    audioInputTokens: bigint('audio_input_tokens', { mode: 'number' }),
    audioOutputTokens: bigint('audio_output_tokens', { mode: 'number' }),
    searchCalls: bigint('search_calls', { mode: 'number' }),
    estimated: boolean('estimated').notNull(),
    costNanoUsd: bigint('cost_nano_usd', { mode: 'bigint' }),
    cacheHit: boolean('cache_hit').notNull(),
    strategy: text('strategy'),
    retries: integer('retries').notNull(),
    fallbacks: integer('fallbacks').notNull(),
    sessionId: text('session_id'),
    clientIpHash: text('client_ip_hash'),
    grossNanoUsd: bigint('gross_nano_usd', { mode: 'bigint' }),
    discountNanoUsd: bigint('discount_nano_usd', { mode: 'bigint' }),
    marginNanoUsd: bigint('margin_nano_usd', { mode: 'bigint' }),
    serviceTier: text('service_tier').$type<ServiceTier>(),
    workspaceId: text('workspace_id'),
  },
  (table) => [
    index('spend_logs_request_id').on(table.requestId, table.attempt),
    index('spend_logs_key_hash_started_at').on(table.keyHash, table.startedAt),
    index('spend_logs_started_at').on(table.startedAt),
  ],
)

export const storedResponses = pgTable(
  'stored_responses',
  {
    id: text('id').primaryKey(),
    owner: text('owner').notNull(),
    previousId: text('previous_id'),
    model: text('model').notNull(),
    content: text('content').notNull(),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [index('stored_responses_expires_at').on(table.expiresAt)],
)
