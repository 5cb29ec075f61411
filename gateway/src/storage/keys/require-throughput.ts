import { GatewayError } from '@routeiq/contract'
import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { virtualKeys } from '../database/schema.ts'
import type { ThroughputShare } from '../key-store.ts'

/**
 * Holds what a key is promised against what its team or model has left. Ends with the transaction; until then nobody else
 * is promised anything. Errors: 400 where it has less.
 */
export async function requireThroughput(
  db: Pick<Database['sql'], 'execute'>,
  shares: readonly ThroughputShare[],
  tokenHash: string,
  now: Date,
): Promise<void> {
  if (shares.length === 0) return
  await db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('guaranteed throughput', 0))`)
  for (const share of shares) {
    const { metric, of, id, amount, capacity } = share
    const { rows } = await db.execute(sql`
      SELECT coalesce(sum(${of === 'team' ? ownLimit(metric) : limitForModel(metric, id)}), 0) AS handed
      FROM ${virtualKeys}
      WHERE ${of === 'team' ? sql`${virtualKeys.teamId} = ${id}` : isGuaranteed(metric)}
        AND ${virtualKeys.tokenHash} <> ${tokenHash}
        AND (${virtualKeys.expiresAt} IS NULL OR ${virtualKeys.expiresAt} > ${now.toISOString()}::timestamptz)`)
    const handed = Number(rows[0]?.['handed'] ?? 0)
    if (handed + amount <= capacity) continue
    const name = metric.toUpperCase()
    throw new GatewayError(
      'invalid_request',
      `Allocated ${name} limit=${handed} + Key ${name} limit=${amount} is greater than ${of} ${name} limit=${capacity} of ${id}.`,
      { param: `${metric}_limit` },
    )
  }
}

type Metric = ThroughputShare['metric']

/** Numbers only: settings that were stored before they were checked may hold anything. */
const numberOf = (value: SQL): SQL =>
  sql`CASE WHEN jsonb_typeof(${value}) = 'number' THEN (${value})::text::numeric END`

const ownLimit = (metric: Metric): SQL => numberOf(sql`${virtualKeys.settings} -> ${`${metric}_limit`}`)

/** What a key may use of a model: its limit for that one, else its own where it may use the model. */
function limitForModel(metric: Metric, model: string): SQL {
  const ofModel = sql`${virtualKeys.settings} -> ${`model_${metric}_limit`} -> ${model}`
  const mayUse = sql`cardinality(${virtualKeys.models}) = 0 OR ${model} = ANY(${virtualKeys.models})
    OR ${virtualKeys.models} && ARRAY['*', 'all-team-models', 'all-proxy-models']`
  return sql`coalesce(${numberOf(ofModel)}, CASE WHEN ${mayUse} THEN ${ownLimit(metric)} END)`
}

/** Written as the index has it, and then for the one metric. */
const isGuaranteed = (metric: Metric): SQL => sql`
  (${virtualKeys.settings} ->> 'rpm_limit_type' = 'guaranteed_throughput' OR ${virtualKeys.settings} ->> 'tpm_limit_type' = 'guaranteed_throughput')
  AND ${virtualKeys.settings} ->> ${`${metric}_limit_type`} = 'guaranteed_throughput'`
