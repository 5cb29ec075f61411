import type { JudgedTrace } from '../../evidence/traces/trace.ts'
import type { TracePage, TraceQuery } from '../../evidence/traces/trace-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { summaryFromRow, type TraceRow } from './trace-row.ts'
import { verdictExpression } from './verdict-expression.ts'

type ListedRow = Omit<TraceRow, 'document'> & {
  readonly input_preview: string | null
  readonly output_preview: string | null
}

const columns = `
  id, day, agent_name, status, source_type, session_id, manifest_id, parent_trace_id, routing_ids, skills, model_name,
  model_family, latency_ms, cost_usd, started_at, ended_at, received_at,
  document->>'user_input_preview' AS input_preview, document->>'final_output_preview' AS output_preview`

/** One page of traces, the newest first, and how many there are in all. */
export async function listTraces(
  { pool }: Database,
  workspaceId: string,
  query: TraceQuery,
): Promise<TracePage> {
  const { where, values } = formatConditions(workspaceId, query)
  const judged = `SELECT t.*, ${verdictExpression('t')} AS verdict FROM traces t`
  // The verdict costs a look-up a row, so it is worked out for all of them only where they are chosen by it.
  const isByVerdict = query.verdict !== undefined
  const source = isByVerdict ? `(${judged}) t` : 'traces t'
  const page = `SELECT * FROM ${source} WHERE ${where} ORDER BY received_at DESC, id LIMIT ${query.limit} OFFSET ${query.offset}`
  const verdict = isByVerdict ? 'verdict' : `${verdictExpression('t')} AS verdict`
  const [listed, counted] = await Promise.all([
    guardQuery(
      pool.query<ListedRow>(
        `SELECT ${columns}, ${verdict} FROM (${page}) t ORDER BY received_at DESC, id`,
        values,
      ),
    ),
    guardQuery(
      pool.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${source} WHERE ${where}`, values),
    ),
  ])
  return { traces: listed.rows.map(toJudged), total: counted.rows[0]?.total ?? 0 }
}

function formatConditions(workspaceId: string, query: TraceQuery): { where: string; values: unknown[] } {
  const values: unknown[] = [workspaceId]
  const conditions = ['workspace_id = $1']
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  add(query.status, (value) => `status = ${value}`)
  add(query.agentName, (value) => `agent_name = ${value}`)
  add(query.manifestId, (value) => `manifest_id::text = ${value}`)
  add(query.routingId, (value) => `routing_ids @> ARRAY[${value}::text]`)
  add(query.skill, (value) => `skills @> jsonb_build_array(jsonb_build_object('name', ${value}::text))`)
  add(
    query.search,
    (value) =>
      `position(lower(${value}) IN lower(concat(document->>'user_input_preview', chr(10), document->>'final_output_preview'))) > 0`,
  )
  if (query.verdict === 'unjudged') conditions.push('verdict IS NULL')
  else add(query.verdict, (value) => `verdict = ${value}`)
  return { where: conditions.join(' AND '), values }
}

function toJudged(row: ListedRow): JudgedTrace {
  return {
    ...summaryFromRow(row),
    verdict: row.verdict,
    preview: { input: row.input_preview, output: row.output_preview },
  }
}
