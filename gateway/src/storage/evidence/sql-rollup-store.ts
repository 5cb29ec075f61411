import type {
  MissedRequest,
  RollupCounts,
  RollupDimension,
  RollupQuery,
  RollupRow,
  RollupStore,
} from '../../evidence/analytics/rollup-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { purgeDays } from './purge-days.ts'
import { RollupRefresher } from './refresh-rollup.ts'
import { verdictExpression } from './verdict-expression.ts'

const dayMs = 86_400_000

/** Counts by day over SQL. */
export function createSqlRollupStore(database: Database, now: () => number): RollupStore {
  const { pool } = database
  const refresher = new RollupRefresher(database, now)
  return {
    refreshRollup: (workspaceId) => guardQuery(refresher.refresh(workspaceId)),
    async readRollup(workspaceId, query) {
      const { from, to, skillName = null, agentName = null } = query
      const values = [workspaceId, from, to, skillName, agentName]
      const { rows } = await guardQuery(pool.query<RollupRow>(formatRead(query.by), values))
      return rows
    },
    async listMissed(workspaceId, skillName, limit) {
      const { rows } = await guardQuery(pool.query<MissedRequest>(missed, [workspaceId, skillName, limit]))
      return rows
    },
    async listFeedback(workspaceId, perSkill) {
      const { rows } = await guardQuery(
        pool.query<{ skill_id: string; query_text: string }>(feedback, [workspaceId, perSkill]),
      )
      return rows.map(({ skill_id, query_text }) => [skill_id, query_text] as const)
    },
    async purgeEvidence(retentionDays, ownDays = new Map()) {
      const cutoff = (days: number): Date => new Date(now() - days * dayMs)
      let removed = 0
      for (const [workspaceId, days] of ownDays)
        removed += await guardQuery(purgeDays(database, cutoff(days), { only: workspaceId }))
      const others = { except: [...ownDays.keys()] }
      return removed + (await guardQuery(purgeDays(database, cutoff(retentionDays), others)))
    },
  }
}

const dimensions: Readonly<Record<RollupDimension, keyof RollupRow>> = {
  day: 'day',
  skill_name: 'skillName',
  skill_id: 'skillId',
  content_hash: 'contentHash',
  agent_name: 'agentName',
  model_name: 'modelName',
  model_family: 'modelFamily',
}

const sums: Readonly<Record<keyof RollupCounts, string>> = {
  activations: 'activations',
  delivered: 'delivered',
  passes: 'passes',
  fails: 'fails',
  soloPasses: 'solo_passes',
  soloFails: 'solo_fails',
  errors: 'errors',
  latencyMsSum: 'latency_ms_sum',
  latencyCount: 'latency_count',
  costUsdSum: 'cost_usd_sum',
  costCount: 'cost_count',
  offers: 'offers',
  hinted: 'hinted',
  offersDelivered: 'offers_delivered',
  offersActivated: 'offers_activated',
  closed: 'closed',
  closedHinted: 'closed_hinted',
  hintedActivated: 'hinted_activated',
  offeredPasses: 'offered_passes',
  offeredJudged: 'offered_judged',
  heldOutPasses: 'held_out_passes',
  heldOutJudged: 'held_out_judged',
}

function formatRead(by: RollupQuery['by']): string {
  const wanted = new Set<string>(by)
  const keys = Object.entries(dimensions).map(([column, name]) => {
    const value = column === 'day' ? `to_char(day, 'YYYY-MM-DD')` : column
    return `${wanted.has(column) ? value : "''"} AS "${name}"`
  })
  const counts = Object.entries(sums).map(([name, column]) => `sum(${column})::double precision AS "${name}"`)
  return `
    SELECT ${[...keys, ...counts].join(', ')} FROM effectiveness_rollup
    WHERE workspace_id = $1 AND day BETWEEN $2 AND $3
      AND ($4::text IS NULL OR skill_name = $4) AND ($5::text IS NULL OR agent_name = $5)
    GROUP BY ${by.length === 0 ? '()' : by.join(', ')}
    HAVING count(*) > 0`
}

const missed = `
SELECT d.routing_id AS "routingId", d.query_sha256 AS "querySha256", d.query_text AS "queryText"
FROM offered_decisions d
WHERE d.workspace_id = $1
  AND d.offered @> jsonb_build_array(jsonb_build_object('name', $2::text, 'hinted', true))
  AND EXISTS (
    SELECT 1 FROM traces t WHERE t.workspace_id = $1 AND t.routing_ids @> ARRAY[d.routing_id])
  AND NOT EXISTS (
    SELECT 1 FROM traces t WHERE t.workspace_id = $1 AND t.routing_ids @> ARRAY[d.routing_id]
      AND t.skills @> jsonb_build_array(jsonb_build_object('name', $2::text, 'is_activated', true)))
ORDER BY d.created_at DESC LIMIT $3`

const feedback = `
SELECT skill_id, query_text FROM (
  SELECT offer.skill_id, d.query_text,
    row_number() OVER (PARTITION BY offer.skill_id ORDER BY d.created_at DESC) AS place
  FROM offered_decisions d
  CROSS JOIN LATERAL jsonb_to_recordset(d.offered) AS offer (name text, skill_id text)
  WHERE d.workspace_id = $1 AND d.query_text IS NOT NULL AND EXISTS (
    SELECT 1 FROM traces t WHERE t.workspace_id = $1 AND t.routing_ids @> ARRAY[d.routing_id]
      AND t.skills @> jsonb_build_array(jsonb_build_object('name', offer.name, 'is_activated', true))
      AND ${verdictExpression('t')} = 'pass')
) found WHERE place <= $2 ORDER BY skill_id, place`
