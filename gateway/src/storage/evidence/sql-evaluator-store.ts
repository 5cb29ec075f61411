import type { Evaluator, EvaluatorStore } from '../../evidence/evaluators/evaluator.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { jsonParameter } from './json-parameter.ts'

interface EvaluatorRow {
  readonly id: string
  readonly agent_name: string
  readonly name: string
  readonly origin: Evaluator['origin']
  readonly eval_type: Evaluator['evalType']
  readonly category: string
  readonly threshold: number
  readonly enabled: boolean
  readonly settings: Evaluator['settings']
  readonly created_at: Date
  readonly updated_at: Date
}

const register = `
INSERT INTO evaluators
SELECT $1, id, agent_name, name, origin, eval_type, category, threshold, enabled, settings, created_at, updated_at
FROM json_to_recordset($2::json) AS row (
  id uuid, agent_name text, name text, origin text, eval_type text, category text, threshold double precision,
  enabled boolean, settings jsonb, created_at timestamptz, updated_at timestamptz)
ON CONFLICT (workspace_id, agent_name, name) DO UPDATE SET
  origin = excluded.origin, eval_type = excluded.eval_type, category = excluded.category,
  threshold = excluded.threshold, settings = excluded.settings, updated_at = excluded.updated_at
RETURNING *`

/** Evaluators over SQL. */
export function createSqlEvaluatorStore({ pool }: Database): EvaluatorStore {
  return {
    async registerEvaluators(workspaceId, evaluators) {
      const { rows } = await guardQuery(
        pool.query<EvaluatorRow>(register, [workspaceId, jsonParameter(evaluators.map(toRow))]),
      )
      const saved = new Map(rows.map((row) => [`${row.agent_name}\n${row.name}`, fromRow(row)]))
      return evaluators.flatMap(({ agentName, name }) => saved.get(`${agentName}\n${name}`) ?? [])
    },
    async listEvaluators(workspaceId, agentName) {
      const { rows } = await guardQuery(
        pool.query<EvaluatorRow>(
          `SELECT * FROM evaluators WHERE workspace_id = $1 AND ($2::text IS NULL OR agent_name IN ('', $2))
           ORDER BY agent_name, name`,
          [workspaceId, agentName],
        ),
      )
      return rows.map(fromRow)
    },
    async findEvaluator(workspaceId, id) {
      const { rows } = await guardQuery(
        pool.query<EvaluatorRow>('SELECT * FROM evaluators WHERE workspace_id = $1 AND id = $2', [
          workspaceId,
          id,
        ]),
      )
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
    async updateEvaluator(workspaceId, id, { enabled, threshold, category, settings }, updatedAt) {
      const { rows } = await guardQuery(
        pool.query<EvaluatorRow>(
          `UPDATE evaluators SET enabled = coalesce($3, enabled), threshold = coalesce($4, threshold),
             category = coalesce($5, category), settings = settings || coalesce($6::jsonb, '{}'), updated_at = $7
           WHERE workspace_id = $1 AND id = $2 RETURNING *`,
          [workspaceId, id, enabled, threshold, category, settings, new Date(updatedAt)],
        ),
      )
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
    async deleteEvaluator(workspaceId, id) {
      const { rowCount } = await guardQuery(
        pool.query('DELETE FROM evaluators WHERE workspace_id = $1 AND id = $2', [workspaceId, id]),
      )
      return rowCount === 1
    },
    async evaluatorThresholds(workspaceId, agentName) {
      const { rows } = await guardQuery(
        pool.query<{ name: string; threshold: number }>(
          `SELECT name, threshold FROM evaluators WHERE workspace_id = $1 AND agent_name IN ('', $2)
           ORDER BY agent_name`,
          [workspaceId, agentName],
        ),
      )
      return new Map(rows.map(({ name, threshold }) => [name, threshold]))
    },
  }
}

function toRow(evaluator: Evaluator): object {
  return {
    id: evaluator.id,
    agent_name: evaluator.agentName,
    name: evaluator.name,
    origin: evaluator.origin,
    eval_type: evaluator.evalType,
    category: evaluator.category,
    threshold: evaluator.threshold,
    enabled: evaluator.enabled,
    settings: evaluator.settings,
    created_at: new Date(evaluator.createdAt),
    updated_at: new Date(evaluator.updatedAt),
  }
}

function fromRow(row: EvaluatorRow): Evaluator {
  return {
    id: row.id,
    agentName: row.agent_name,
    name: row.name,
    origin: row.origin,
    evalType: row.eval_type,
    category: row.category,
    threshold: row.threshold,
    enabled: row.enabled,
    settings: row.settings,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}
