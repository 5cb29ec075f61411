import type { McpSubmissionStore, Submission } from '../../mcp/registry/submission-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface SubmissionRow {
  readonly server_id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: string | null
  readonly status: Submission['status']
  readonly submitted_at: Date
  readonly submitted_by: string | null
  readonly reviewed_at: Date | null
  readonly reviewed_by: string | null
  readonly review_notes: string | null
}

const mostListed = 1_000
/** Two that arrive at once may both be the last that is allowed. */
const put = `
  INSERT INTO mcp_submissions (server_id, settings, secrets, status, submitted_at, submitted_by)
  SELECT $1, $2, $3, 'pending_review', $4, $5
  WHERE (SELECT count(*) FROM mcp_submissions
         WHERE submitted_by IS NOT DISTINCT FROM $5 AND server_id <> $1) < $6
  ON CONFLICT (server_id) DO UPDATE SET settings = excluded.settings, secrets = excluded.secrets,
    status = excluded.status, submitted_at = excluded.submitted_at,
    reviewed_at = NULL, reviewed_by = NULL, review_notes = NULL
  WHERE mcp_submissions.submitted_by IS NOT DISTINCT FROM excluded.submitted_by`

/** Proposed tool servers over SQL. `now` stamps changes. */
export function createSqlSubmissionStore(database: Database, now: () => number): McpSubmissionStore {
  const change = async (statement: string, values: unknown[]): Promise<boolean> =>
    (await guardQuery(database.pool.query(statement, values))).rowCount === 1
  const read = async (rest: string, values: unknown[]): Promise<Submission[]> => {
    const query = database.pool.query<SubmissionRow>(`SELECT * FROM mcp_submissions ${rest}`, values)
    return (await guardQuery(query)).rows.map(readRow)
  }
  return {
    put: ({ serverId, settings, secrets, submittedBy }, most) =>
      change(put, [serverId, JSON.stringify(settings), secrets, new Date(now()), submittedBy, most]),
    list: () => read('ORDER BY submitted_at DESC, server_id LIMIT $1', [mostListed]),
    find: async (serverId) => (await read('WHERE server_id = $1', [serverId]))[0] ?? null,
    reject: (serverId, actor, notes) =>
      change(
        `UPDATE mcp_submissions SET status = 'rejected', reviewed_at = $2, reviewed_by = $3, review_notes = $4
         WHERE server_id = $1`,
        [serverId, new Date(now()), actor, notes],
      ),
    remove: (serverId) => change('DELETE FROM mcp_submissions WHERE server_id = $1', [serverId]),
  }
}

function readRow(row: SubmissionRow): Submission {
  return {
    serverId: row.server_id,
    settings: row.settings,
    secrets: row.secrets,
    status: row.status,
    submittedAt: row.submitted_at.getTime(),
    submittedBy: row.submitted_by,
    reviewedAt: row.reviewed_at?.getTime() ?? null,
    reviewedBy: row.reviewed_by,
    reviewNotes: row.review_notes,
  }
}
