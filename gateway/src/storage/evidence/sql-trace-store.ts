import type { TraceStore } from '../../evidence/traces/trace-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { jsonParameter } from './json-parameter.ts'
import { listTraces } from './list-traces.ts'
import { type OutcomeRow, outcomeFromRow, outcomeToRow, saveOutcomesStatement } from './outcome-row.ts'
import { saveTracesStatement } from './save-traces-statement.ts'
import { type TraceRow, traceFromRow, traceToRow } from './trace-row.ts'
import { summariseAgents, summariseTraces } from './trace-summaries.ts'
import { verdictExpression } from './verdict-expression.ts'

/** Traces and their outcomes over SQL. */
export function createSqlTraceStore(database: Database): TraceStore {
  const { pool } = database
  return {
    async saveTraces(workspaceId, traces) {
      // In one order whoever writes, so that two writes with ids in common wait for one another and never both.
      const ordered = [...traces].sort((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)))
      const rows = ordered.map(traceToRow)
      const scores = traces.flatMap(({ id, receivedAt, scores }) =>
        scores.map((score) => outcomeToRow({ ...score, subject: id, updatedAt: receivedAt })),
      )
      const values = [workspaceId, jsonParameter(rows), jsonParameter(scores)]
      const query = { name: 'save-traces', text: saveTracesStatement, values }
      const saved = await guardQuery(pool.query<{ id: string }>(query))
      return saved.rows.map(({ id }) => id)
    },
    async findTrace(workspaceId, id) {
      const { rows } = await guardQuery(
        pool.query<TraceRow>(
          `SELECT t.*, ${verdictExpression('t')} AS verdict FROM traces t WHERE workspace_id = $1 AND id = $2`,
          [workspaceId, id],
        ),
      )
      return rows[0] === undefined ? null : traceFromRow(rows[0])
    },
    listTraces: (workspaceId, query) => listTraces(database, workspaceId, query),
    traceStats: (workspaceId, agentName) => summariseTraces(database, workspaceId, agentName),
    listAgents: (workspaceId) => summariseAgents(database, workspaceId),
    async saveOutcomes(workspaceId, outcomes) {
      const rows = jsonParameter(outcomes.map(outcomeToRow))
      await guardQuery(pool.query(saveOutcomesStatement, [workspaceId, rows]))
    },
    async listOutcomes(workspaceId, subjects) {
      const { rows } = await guardQuery(
        pool.query<OutcomeRow>(
          `SELECT * FROM outcomes WHERE workspace_id = $1 AND subject = ANY ($2)
           ORDER BY updated_at, kind, name`,
          [workspaceId, subjects],
        ),
      )
      return rows.map(outcomeFromRow)
    },
    async knownManifests(workspaceId, ids) {
      const { rows } = await guardQuery(
        pool.query<{ id: string }>(
          'SELECT id FROM manifests WHERE workspace_id = $1 AND id = ANY ($2::uuid[])',
          [workspaceId, ids],
        ),
      )
      return rows.map(({ id }) => id)
    },
  }
}
