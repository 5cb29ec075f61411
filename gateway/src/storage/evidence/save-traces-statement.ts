import { outcomeRecord } from './outcome-row.ts'

const columns = `
  id, day, agent_name, status, source_type, session_id, manifest_id, parent_trace_id, routing_ids, skills, model_name,
  model_family, latency_ms, cost_usd, started_at, ended_at, received_at, document`

/**
 * Keeps traces and the scores they came with: one statement, so that nothing is ever half written and a batch costs
 * one commit. Parameters: the workspace, the traces and their scores as JSON. Answers the ids that were new; scores of
 * the others are left out with them.
 */
export const saveTracesStatement = `
WITH saved AS (
  INSERT INTO traces (workspace_id, ${columns})
  SELECT $1, ${columns}
  FROM json_to_recordset($2::json) AS row (
    id uuid, day date, agent_name text, status text, source_type text, session_id text, manifest_id uuid,
    parent_trace_id text, routing_ids text[], skills jsonb, model_name text, model_family text,
    latency_ms double precision, cost_usd double precision, started_at timestamptz, ended_at timestamptz,
    received_at timestamptz, document json)
  ON CONFLICT DO NOTHING
  RETURNING id
), scored AS (
  INSERT INTO outcomes (workspace_id, subject, kind, name, verdict, score, reason, detail, created_at, updated_at)
  SELECT $1, subject, kind, name, verdict, score, reason, detail, updated_at, updated_at
  FROM json_to_recordset($3::json) AS row (${outcomeRecord})
  WHERE subject IN (SELECT id::text FROM saved)
  ON CONFLICT DO NOTHING
)
SELECT id FROM saved`
