import { type DriftState, earlierEpochShare, noDrift, watchDrift } from '@routeiq/router'
import type { PoolClient } from 'pg'
import { utcDay } from '../../evidence/utc-day.ts'
import {
  type ChoiceFeedback,
  type ChoiceHandle,
  type ChoiceStore,
  feedbackSources,
  type JudgedQuality,
  type KeptChoice,
  type LearnedAsk,
} from '../../model-routing/choice-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { jsonParameter } from '../evidence/json-parameter.ts'
import { joinBest, joinBestScore } from './best-score.ts'
import { type ChoiceRow, fromRow, toRow } from './choice-row.ts'
import { countChoices } from './count-choices.ts'
import { listGains } from './list-gains.ts'
import { listPromised } from './list-promised.ts'

const halfLifeDays = 7
/** Older days would weigh next to nothing. */
const rememberedDays = 63
const dayMs = 86_400_000

const columns = `decision_id text, request_id text, workspace_id text, key_hash text, user_id text, team_id text, router text,
  arm text, domain text, tier text, strategy text, profile text, bundle_id text, quality double precision,
  propensity double precision, learns boolean, status integer, input_tokens bigint, output_tokens bigint,
  cost_usd double precision, baseline_usd double precision, task_id text, routing_id text, experiment_id text, variant text, unit text,
  exposes boolean, latency_ms double precision, details jsonb, created_at timestamptz`
const names = columns.replace(/ (?:double precision|text|boolean|integer|bigint|jsonb|timestamptz)/g, '')

const insert = `INSERT INTO model_choices (${names})
SELECT ${names} FROM json_to_recordset($1::json) AS row (${columns}) ON CONFLICT DO NOTHING`

const expose = `INSERT INTO routing_exposures (experiment_id, unit, variant, decision_id, strategy, created_at)
SELECT DISTINCT ON (experiment_id, unit) experiment_id, unit, variant, decision_id, strategy, created_at
FROM json_to_recordset($1::json) AS row (${columns}) WHERE exposes ORDER BY experiment_id, unit, created_at
ON CONFLICT (experiment_id, unit) DO UPDATE SET decision_id = excluded.decision_id, strategy = excluded.strategy,
  created_at = excluded.created_at WHERE excluded.created_at < routing_exposures.created_at`

const addLearning = `
INSERT INTO model_learning (bundle_id, domain, tier, arm, day, epoch, key_hash, weight, reward, residual, judged)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (bundle_id, domain, tier, arm, day, epoch, key_hash) DO UPDATE SET
  weight = model_learning.weight + excluded.weight, reward = model_learning.reward + excluded.reward,
  residual = model_learning.residual + excluded.residual, judged = model_learning.judged + excluded.judged`

/** No key has more than this of what is learned of one kind of ask and model, or an equal share where there are few keys. */
const mostInfluence = 0.2
/** So much of what a key says counts in any case, or somebody who said one thing would silence it. */
const heardAlways = 20

/**
 * Sums by kind of ask and model as they count today. What a key said counts in full up to its share of it and the others'
 * together; what the gateway found out itself, always.
 */
const readCells = `
WITH aged AS (
  SELECT l.*, power(0.5, ($1::date - day) / ${halfLifeDays}::float8) *
    CASE WHEN l.epoch < d.epoch THEN ${earlierEpochShare} ELSE 1 END AS decay
  FROM model_learning l LEFT JOIN model_drift d USING (arm) WHERE day > $1::date - ${rememberedDays}
), by_key AS (
  SELECT bundle_id, domain, tier, arm, key_hash, sum(weight * decay) AS weight, sum(reward * decay) AS reward,
    sum(residual * decay) AS residual
  FROM aged GROUP BY bundle_id, domain, tier, arm, key_hash
), shared AS (
  SELECT *, sum(weight) OVER cell - weight AS others,
    greatest(${mostInfluence}, 1 / nullif(count(*) OVER cell, 0)::float8) AS share
  FROM by_key WINDOW cell AS (PARTITION BY bundle_id, domain, tier, arm)
), capped AS (
  SELECT *, CASE WHEN key_hash = '' OR share >= 1 OR weight <= 0 THEN 1
    ELSE least(1, greatest(${heardAlways}, share / (1 - share) * greatest(others, 0)) / weight) END AS counts
  FROM shared
)
SELECT bundle_id, domain, tier, arm, sum(weight * counts) AS weight, sum(reward * counts) AS reward,
  sum(residual * counts) AS residual
FROM capped GROUP BY bundle_id, domain, tier, arm`

/** Choices and feedback over SQL. */
export function createSqlChoiceStore(database: Database): ChoiceStore {
  const { pool } = database
  return {
    async saveChoices(choices) {
      const rows = jsonParameter(choices.map(toRow))
      await guardQuery(pool.query({ name: 'save-choices', text: insert, values: [rows] }))
      if (choices.some(({ experiment }) => experiment?.exposes === true))
        await guardQuery(pool.query({ name: 'save-exposures', text: expose, values: [rows] }))
    },
    async findChoice(handle) {
      const { condition, values } = conditionOf(handle)
      const text = `SELECT * FROM model_choices WHERE ${condition} ORDER BY created_at DESC LIMIT 1`
      const { rows } = await guardQuery(pool.query<ChoiceRow>(text, values))
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
    giveFeedback: (feedback, now) => inTransaction(database, (client) => give(client, feedback, now)),
    async readLearning(now) {
      const { rows } = await guardQuery(pool.query<LearningRow>(readCells, [utcDay(now)]))
      const drifts = await guardQuery(pool.query<DriftRow>('SELECT * FROM model_drift'))
      return {
        cells: rows.map(({ bundle_id, ...row }) => ({ bundleId: bundle_id, ...row })),
        drifts: drifts.rows,
      }
    },
    async listChoices(workspaceId, since, limit, wanted) {
      const text = `
        SELECT c.*, best.score FROM model_choices c ${joinBestScore}
        WHERE c.created_at >= $1 AND ($2::text IS NULL OR c.workspace_id = $2) AND ($4::text IS NULL OR c.decision_id = $4)
          AND ($5::text IS NULL OR c.task_id = $5) AND ($6::text IS NULL OR c.routing_id = $6)
        ORDER BY c.created_at DESC LIMIT $3`
      const { decisionId = null, taskId = null, routingId = null } = wanted ?? {}
      const values = [new Date(since), workspaceId, limit, decisionId, taskId, routingId]
      const { rows } = await guardQuery(pool.query<ChoiceRow & { score: number | null }>(text, values))
      return rows.map((row) => ({ ...fromRow(row), score: row.score }))
    },
    async listJudgedQualities(since) {
      const text = `
        SELECT c.arm AS model, count(*)::int AS count, avg(f.score) AS mean,
          coalesce(1.96 * stddev_samp(f.score) / sqrt(count(*)), 1) AS margin
        FROM model_feedback f JOIN model_choices c USING (decision_id)
        WHERE f.source = 'judge' AND f.score IS NOT NULL AND c.created_at >= $1 GROUP BY c.arm ORDER BY mean DESC, model`
      return (await guardQuery(pool.query<JudgedQuality>(text, [new Date(since)]))).rows
    },
    countChoices: () => guardQuery(countChoices(database)),
    async lastJudgedAt() {
      const text = 'SELECT updated_at FROM model_feedback ORDER BY updated_at DESC LIMIT 1'
      const { rows } = await guardQuery(pool.query<{ updated_at: Date }>(text))
      return rows[0]?.updated_at.getTime() ?? null
    },
    async listJudgedAsks(now, limit) {
      const text = `
        SELECT c.arm, c.team_id AS team, c.details->'features' AS features, best.score, best.weight
          * power(0.5, extract(epoch FROM $1::timestamptz - c.created_at) / ${halfLifeDays * 86_400}::float8)
          * CASE WHEN c.created_at < d.changed_at THEN ${earlierEpochShare} ELSE 1 END AS weight
        FROM model_choices c ${joinBest('')} LEFT JOIN model_drift d ON d.arm = c.arm
        WHERE c.learns AND best.score IS NOT NULL AND c.created_at > $2 ORDER BY c.created_at DESC LIMIT $3`
      const since = new Date(now - rememberedDays * dayMs)
      const { rows } = await guardQuery(pool.query<LearnedAsk>(text, [new Date(now), since, limit]))
      return rows
    },
    listGains: (since, limit) => guardQuery(listGains(database, since, limit)),
    listPromised: (since, limit) => guardQuery(listPromised(database, since, limit)),
    async purgeChoices(before) {
      await guardQuery(pool.query('DELETE FROM model_choices WHERE created_at < $1', [new Date(before)]))
      const day = utcDay(before - rememberedDays * dayMs)
      await guardQuery(pool.query('DELETE FROM model_learning WHERE day < $1', [day]))
    },
  }
}

/** Errors: throws where the handle names nothing. */
function conditionOf({ decisionId, requestId, routingId, arm, keyHash }: ChoiceHandle): {
  readonly condition: string
  readonly values: unknown[]
} {
  const named = { decision_id: decisionId, request_id: requestId, routing_id: routingId }
  for (const [column, value] of Object.entries(named))
    if (typeof value === 'string') return { condition: `${column} = $1`, values: [value] }
  if (typeof arm !== 'string') throw new Error('a handle that names nothing')
  return { condition: 'arm = $1 AND key_hash IS NOT DISTINCT FROM $2', values: [arm, keyHash ?? null] }
}

type DriftRow = DriftState & { readonly arm: string }

interface LearningRow {
  readonly bundle_id: string
  readonly domain: string
  readonly tier: string
  readonly arm: string
  readonly weight: number
  readonly reward: number
  readonly residual: number
}

interface Judgement {
  readonly source: string
  readonly score: number | null
  readonly weight: number
  /** Null for whoever has no key. */
  readonly key_hash: string | null
  readonly automatic: boolean
}

async function give(client: PoolClient, feedback: ChoiceFeedback, now: number) {
  const { decisionId, source, score, weight, reason, isAutomatic, keyHash, taskId } = feedback
  const found = await client.query<ChoiceRow>(
    'SELECT * FROM model_choices WHERE decision_id = $1 FOR UPDATE',
    [decisionId],
  )
  const [row] = found.rows
  if (row === undefined) throw new Error('feedback on a choice that does not exist')
  const { rows: before } = await client.query<Judgement>(
    'SELECT source, score, weight, key_hash, automatic FROM model_feedback WHERE decision_id = $1',
    [decisionId],
  )
  const own = before.find((judgement) => judgement.source === source)
  // Who said it is part of what was said, and whoever has spoken knows more than the gateway.
  const isRepeated = own?.score === score && own.weight === weight && own.automatic === isAutomatic
  if (isRepeated || (isAutomatic && own !== undefined))
    return { applied: false, duplicate: true, superseded: false, isDrift: false }
  await client.query(
    `INSERT INTO model_feedback (decision_id, source, score, weight, reason, key_hash, updated_at, automatic)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (decision_id, source) DO UPDATE SET
       score = excluded.score, weight = excluded.weight, reason = excluded.reason, key_hash = excluded.key_hash,
       updated_at = excluded.updated_at, automatic = excluded.automatic`,
    [decisionId, source, score, weight, reason, keyHash, new Date(now), isAutomatic],
  )
  const after = [
    ...before.filter((judgement) => judgement.source !== source),
    { source, score, weight, key_hash: keyHash, automatic: isAutomatic },
  ]
  const [was, is] = [effective(before), effective(after)]
  const superseded = is !== null && is.source !== source && score !== null
  const isChanged = was?.score !== is?.score || was?.weight !== is?.weight || was?.key_hash !== is?.key_hash
  if (taskId !== null && row.task_id === null)
    await client.query('UPDATE model_choices SET task_id = $2 WHERE decision_id = $1', [decisionId, taskId])
  if (!isChanged || !row.learns) return { applied: false, duplicate: false, superseded, isDrift: false }
  const isDrift = await learn(client, fromRow(row), was, is, now)
  return { applied: true, duplicate: false, superseded, isDrift }
}

function effective(judgements: readonly Judgement[]): Judgement | null {
  for (const source of feedbackSources) {
    const found = judgements.find((judgement) => judgement.source === source && judgement.score !== null)
    if (found !== undefined) return found
  }
  return null
}

/** Takes the old judgement out of the sums and puts the new one in, on the day of the choice. True when the model drifts. */
async function learn(
  client: PoolClient,
  choice: KeptChoice,
  was: Judgement | null,
  is: Judgement | null,
  now: number,
): Promise<boolean> {
  const { bundleId, domain, tier, arm, createdAt } = choice
  const { epoch, isAlarm } = await followDrift(client, choice, was === null ? is : null, now)
  const add = async (judgement: Judgement | null, sign: 1 | -1): Promise<void> => {
    if (judgement === null || judgement.score === null) return
    const { weight, score } = judgement
    const sums = [weight, weight * score, weight * (score - choice.quality), 1].map((sum) => sign * sum)
    const cell = [bundleId, domain, tier, arm, utcDay(createdAt), epoch, judgement.key_hash ?? '']
    await client.query(addLearning, [...cell, ...sums])
  }
  await add(was, -1)
  await add(is, 1)
  return isAlarm
}

/** Takes the first judgement of a choice for a look at how its model does; the row keeps others out meanwhile. */
async function followDrift(
  client: PoolClient,
  choice: KeptChoice,
  fresh: Judgement | null,
  now: number,
): Promise<{ readonly epoch: number; readonly isAlarm: boolean }> {
  const { rows } = await client.query<DriftRow>('SELECT * FROM model_drift WHERE arm = $1 FOR UPDATE', [
    choice.arm,
  ])
  const before = rows[0] ?? noDrift
  if (fresh === null || fresh.score === null) return { epoch: before.epoch, isAlarm: false }
  const { state, isAlarm } = watchDrift(before, fresh.weight * (fresh.score - servedQuality(choice)))
  await client.query(
    `INSERT INTO model_drift (arm, above, below, epoch, rewards, level, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (arm) DO UPDATE SET above = excluded.above, below = excluded.below,
       epoch = greatest(model_drift.epoch, excluded.epoch), rewards = excluded.rewards, level = excluded.level,
       changed_at = coalesce(excluded.changed_at, model_drift.changed_at)`,
    [
      ...[choice.arm, state.above, state.below, state.epoch, state.rewards, state.level],
      isAlarm ? new Date(now) : null,
    ],
  )
  return { epoch: state.epoch, isAlarm }
}

/** What was believed of the model when it was chosen, with all that had been learned. */
function servedQuality({ details, arm, quality }: KeptChoice): number {
  const candidates = (details['candidates'] ?? []) as readonly { model?: unknown; q?: unknown }[]
  const q = candidates.find(({ model }) => model === arm)?.q
  return typeof q === 'number' ? q : quality
}
