import { GatewayError } from '@routeiq/contract'
import type { A2aStore, ContextRow, PushRow, TaskRow } from '../../a2a/a2a-store.ts'
import type { RemoteAgent } from '../../a2a/agents/remote-agent.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { listTasksQuery } from './list-tasks-query.ts'

const maxPushConfigs = 10

interface AgentRow {
  readonly agent_id: string
  readonly registration: Omit<RemoteAgent, 'agentId' | 'createdAt' | 'updatedAt'>
  readonly created_at: Date
  readonly updated_at: Date
}

/** The store of agents over SQL. `now` stamps what is added. */
export function createSqlA2aStore(database: Database, now: () => number): A2aStore {
  const { pool } = database
  const query = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    guardQuery(pool.query<Row>(text, [...values])).then(({ rows }) => rows)
  return {
    async listAgents() {
      return (await query<AgentRow>(`SELECT ${agentColumns} FROM a2a_agents ORDER BY agent_name`)).map(
        toAgent,
      )
    },
    async findAgent(agentId) {
      const text = `SELECT ${agentColumns} FROM a2a_agents WHERE agent_id = $1`
      return (await query<AgentRow>(text, [agentId])).map(toAgent)[0] ?? null
    },
    async agentsVersion() {
      const [row] = await query<{ version: string }>(
        "SELECT count(*) || ' ' || coalesce(max(updated_at)::text, '') AS version FROM a2a_agents",
      )
      return row?.version ?? ''
    },
    async saveAgent(agent) {
      const { agentId, createdAt, updatedAt, ...registration } = agent
      await query(
        `INSERT INTO a2a_agents AS agent
           (agent_id, agent_name, team_id, is_public, registration, created_by, updated_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (agent_id) DO UPDATE SET agent_name = excluded.agent_name, team_id = excluded.team_id,
           is_public = excluded.is_public, registration = excluded.registration, updated_by = excluded.updated_by,
           updated_at = greatest(excluded.updated_at, agent.updated_at + interval '1 millisecond')`,
        [
          ...[agentId, agent.name, agent.teamId, agent.isPublic, JSON.stringify(registration)],
          ...[agent.createdBy, agent.updatedBy, new Date(createdAt), new Date(updatedAt)],
        ],
      )
    },
    async removeAgent(agentId) {
      return inTransaction(database, async (client) => {
        for (const table of ['a2a_tasks', 'a2a_contexts', 'a2a_push_configs', 'a2a_activity'])
          await client.query(`DELETE FROM ${table} WHERE agent_id = $1`, [agentId])
        const { rowCount } = await client.query('DELETE FROM a2a_agents WHERE agent_id = $1', [agentId])
        return rowCount === 1
      })
    },
    async saveTasks(tasks) {
      const saved = await query<{ key: string }>(saveTasksStatement, [JSON.stringify(tasks)])
      if (saved.length === tasks.length) return []
      const keys = new Set(saved.map(({ key }) => key))
      return tasks.filter(({ agentId, taskId }) => !keys.has(`${agentId} ${taskId}`))
    },
    async findTask(agentId, taskId) {
      const [row] = await query<StoredTask>('SELECT * FROM a2a_tasks WHERE agent_id = $1 AND task_id = $2', [
        agentId,
        taskId,
      ])
      return row === undefined ? null : toTask(row)
    },
    async listTasks(wanted) {
      const { list, count } = listTasksQuery(wanted)
      const [rows, [total]] = await Promise.all([
        query<StoredTask>(list.text, list.values),
        query<{ total: string }>(count.text, count.values),
      ])
      return { tasks: rows.map(toTask), total: Number(total?.total ?? 0) }
    },
    async removeTask(agentId, taskId) {
      await query('DELETE FROM a2a_tasks WHERE agent_id = $1 AND task_id = $2', [agentId, taskId])
      await query('DELETE FROM a2a_push_configs WHERE agent_id = $1 AND task_id = $2', [agentId, taskId])
    },
    async claimContext(agentId, contextId, { owner, teamId }) {
      const values = [agentId, contextId, owner, teamId, new Date(now())]
      await query(
        `INSERT INTO a2a_contexts (agent_id, context_id, owner, team_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING`,
        values,
      )
      const [row] = await query<{ owner: string; team_id: string | null }>(
        'SELECT owner, team_id FROM a2a_contexts WHERE agent_id = $1 AND context_id = $2',
        [agentId, contextId],
      )
      return row === undefined ? { owner, teamId } : { owner: row.owner, teamId: row.team_id }
    },
    async saveContexts(contexts) {
      return query<ContextRow>(saveContextsStatement, [JSON.stringify(contexts), new Date(now())])
    },
    async purge(before, keep) {
      const date = new Date(before)
      await query('DELETE FROM a2a_tasks WHERE updated_at < $1', [date])
      const surplus = await query<Pick<TaskRow, 'agentId' | 'taskId'>>(
        `DELETE FROM a2a_tasks WHERE (agent_id, task_id) IN (
           SELECT agent_id, task_id FROM a2a_tasks
           ORDER BY (state IN (${endedStates})) ASC NULLS FIRST, updated_at DESC OFFSET $1)
         RETURNING agent_id AS "agentId", task_id AS "taskId"`,
        [keep],
      )
      await query(
        `DELETE FROM a2a_contexts AS context WHERE created_at < $1 AND NOT EXISTS (
           SELECT FROM a2a_tasks AS task WHERE task.agent_id = context.agent_id AND task.context_id = context.context_id)`,
        [date],
      )
      await query(
        `DELETE FROM a2a_push_configs AS push WHERE created_at < $1 AND NOT EXISTS (
           SELECT FROM a2a_tasks AS task WHERE task.agent_id = push.agent_id AND task.task_id = push.task_id)`,
        [date],
      )
      return surplus
    },
    async savePush({ agentId, taskId, configId, keyHash, tokenHash, config }) {
      const rows = await query(
        `INSERT INTO a2a_push_configs (agent_id, task_id, config_id, token_hash, config, created_at, key_hash)
         SELECT $1, $2, $3, $4, $5, $6, $8 WHERE (
           SELECT count(*) FROM a2a_push_configs WHERE agent_id = $1 AND task_id = $2 AND config_id <> $3) < $7::int
         ON CONFLICT (agent_id, task_id, config_id) DO UPDATE
         SET token_hash = excluded.token_hash, config = excluded.config, key_hash = excluded.key_hash
         RETURNING config_id`,
        [agentId, taskId, configId, tokenHash, config, new Date(now()), maxPushConfigs, keyHash],
      )
      if (rows.length === 0)
        throw new GatewayError('conflict', `A task may have ${maxPushConfigs} push targets.`)
    },
    async listPush(agentId, taskId) {
      const text = `SELECT ${pushColumns} FROM a2a_push_configs WHERE agent_id = $1 AND task_id = $2 ORDER BY config_id`
      return query<PushRow>(text, [agentId, taskId])
    },
    async findPushByToken(tokenHash) {
      const text = `SELECT ${pushColumns} FROM a2a_push_configs WHERE token_hash = $1`
      return (await query<PushRow>(text, [tokenHash]))[0] ?? null
    },
    async removePush(agentId, taskId, configId) {
      await query('DELETE FROM a2a_push_configs WHERE agent_id = $1 AND task_id = $2 AND config_id = $3', [
        agentId,
        taskId,
        configId,
      ])
    },
    async addActivity(rows) {
      await query(
        `INSERT INTO a2a_activity AS known (agent_id, day, calls, successes, latency_ms, cost_nano_usd)
         SELECT "agentId", day, calls, successes, "latencyMs", "costNanoUsd" FROM json_to_recordset($1::json)
           AS row ("agentId" text, day date, calls bigint, successes bigint, "latencyMs" double precision, "costNanoUsd" bigint)
         ON CONFLICT (agent_id, day) DO UPDATE SET calls = known.calls + excluded.calls,
           successes = known.successes + excluded.successes, latency_ms = known.latency_ms + excluded.latency_ms,
           cost_nano_usd = known.cost_nano_usd + excluded.cost_nano_usd`,
        [JSON.stringify(rows)],
      )
    },
    async spendOf(agentIds) {
      const rows = await query<{ agentId: string; spend: string }>(
        `SELECT agent_id AS "agentId", sum(cost_nano_usd) / 1e9 AS spend FROM a2a_activity
         WHERE agent_id = ANY($1) GROUP BY agent_id`,
        [agentIds],
      )
      return new Map(rows.map(({ agentId, spend }) => [agentId, Number(spend)]))
    },
  }
}

const agentColumns = 'agent_id, registration, created_at, updated_at'
const endedStates = "'TASK_STATE_COMPLETED','TASK_STATE_CANCELED','TASK_STATE_FAILED','TASK_STATE_REJECTED'"
const pushColumns =
  'agent_id AS "agentId", task_id AS "taskId", config_id AS "configId", key_hash AS "keyHash", token_hash AS "tokenHash", config'

/** In one order everywhere, so that two gateways that write the same tasks do not wait for each other. */
const saveTasksStatement = `
  INSERT INTO a2a_tasks AS known (agent_id, task_id, owner, team_id, context_id, state, created_at, updated_at)
  SELECT "agentId", "taskId", owner, "teamId", "contextId", state,
         to_timestamp("createdAt" / 1000.0), to_timestamp("updatedAt" / 1000.0)
  FROM json_to_recordset($1::json) AS task ("agentId" text, "taskId" text, owner text, "teamId" text,
    "contextId" text, state text, "createdAt" double precision, "updatedAt" double precision)
  ORDER BY 1, 2
  ON CONFLICT (agent_id, task_id) DO UPDATE
  SET state = CASE WHEN known.state IN (${endedStates}) THEN known.state ELSE coalesce(excluded.state, known.state) END,
      context_id = coalesce(known.context_id, excluded.context_id),
      updated_at = greatest(known.updated_at, excluded.updated_at)
  WHERE known.owner = excluded.owner
  RETURNING agent_id || ' ' || task_id AS key`

const saveContextsStatement = `
  WITH given AS (
    SELECT DISTINCT ON ("agentId", "contextId") "agentId" AS agent_id, "contextId" AS context_id, owner, "teamId" AS team_id
    FROM json_to_recordset($1::json) AS context ("agentId" text, "contextId" text, owner text, "teamId" text)
  ), added AS (
    INSERT INTO a2a_contexts (agent_id, context_id, owner, team_id, created_at)
    SELECT agent_id, context_id, owner, team_id, $2 FROM given ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING agent_id, context_id, owner, team_id
  )
  SELECT agent_id AS "agentId", context_id AS "contextId", owner, team_id AS "teamId" FROM (
    SELECT * FROM added
    UNION ALL
    SELECT agent_id, context_id, known.owner, known.team_id FROM a2a_contexts AS known JOIN given USING (agent_id, context_id)
  ) AS context`

function toAgent({ agent_id, registration, created_at, updated_at }: AgentRow): RemoteAgent {
  return {
    ...registration,
    agentId: agent_id,
    createdAt: created_at.getTime(),
    updatedAt: updated_at.getTime(),
  }
}

interface StoredTask {
  readonly agent_id: string
  readonly task_id: string
  readonly owner: string
  readonly team_id: string | null
  readonly context_id: string | null
  readonly state: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

function toTask(row: StoredTask): TaskRow {
  return {
    agentId: row.agent_id,
    taskId: row.task_id,
    owner: row.owner,
    teamId: row.team_id,
    contextId: row.context_id,
    state: row.state,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}
