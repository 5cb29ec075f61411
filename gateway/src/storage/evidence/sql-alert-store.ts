import type { PoolClient } from 'pg'
import {
  type Alert,
  type AlertKind,
  type AlertRule,
  type AlertStore,
  alertKinds,
} from '../../evidence/alerts/alert.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { listConditionedWorkspaces, readConditions } from './read-conditions.ts'

interface AlertRow {
  readonly id: string
  readonly kind: AlertKind
  readonly severity: Alert['severity']
  readonly subject: string
  readonly state: Alert['state']
  readonly evidence: Alert['evidence']
  readonly created_at: Date
  readonly updated_at: Date
}

const rearmMs = 24 * 3_600_000

const open = `
INSERT INTO alerts (workspace_id, id, kind, severity, subject, state, evidence, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, 'open', $6, $7, $7
WHERE NOT EXISTS (
  SELECT 1 FROM alerts WHERE workspace_id = $1 AND kind = $3 AND subject = $5
    AND (state <> 'resolved' OR created_at > $8))
RETURNING *`

/** Alerts over SQL. */
export function createSqlAlertStore(database: Database): AlertStore {
  const { pool } = database
  return {
    reconcileAlerts: (workspaceId, findings, now) =>
      inTransaction(database, async (client) => {
        await client.query("SELECT pg_advisory_xact_lock(hashtextextended('alerts ' || $1, 0))", [
          workspaceId,
        ])
        await resolveOthers(client, workspaceId, findings, now)
        const opened: Alert[] = []
        for (const finding of findings) {
          const evidence = JSON.stringify(finding.evidence)
          const renew = `UPDATE alerts SET evidence = $4, updated_at = $5
              WHERE workspace_id = $1 AND kind = $2 AND subject = $3 AND state <> 'resolved'`
          await client.query(renew, [workspaceId, finding.kind, finding.subject, evidence, new Date(now)])
          const { id, kind, severity, subject } = finding
          const values = [
            workspaceId,
            id,
            kind,
            severity,
            subject,
            evidence,
            new Date(now),
            new Date(now - rearmMs),
          ]
          const { rows } = await client.query<AlertRow>(open, values)
          opened.push(...rows.map(fromRow))
        }
        return opened
      }),
    async listAlerts(workspaceId, { state, kind, since, limit, after }) {
      const statement = `
        SELECT * FROM alerts
        WHERE workspace_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR kind = $3)
          AND ($4::timestamptz IS NULL OR created_at >= $4)
          AND ($5::uuid IS NULL OR (created_at, id) <
            (SELECT created_at, id FROM alerts WHERE workspace_id = $1 AND id = $5))
        ORDER BY created_at DESC, id DESC LIMIT $6`
      const values = [workspaceId, state, kind, since === null ? null : new Date(since), after, limit]
      const { rows } = await guardQuery(pool.query<AlertRow>(statement, values))
      return rows.map(fromRow)
    },
    async acknowledgeAlert(workspaceId, id, now) {
      const statement = `
        UPDATE alerts SET state = CASE state WHEN 'open' THEN 'acknowledged' ELSE state END, updated_at = $3
        WHERE workspace_id = $1 AND id = $2 RETURNING *`
      const { rows } = await guardQuery(pool.query<AlertRow>(statement, [workspaceId, id, new Date(now)]))
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
    async listAlertRules(workspaceId) {
      const { rows } = await guardQuery(
        pool.query<AlertRule>('SELECT kind, enabled, severity FROM alert_rules WHERE workspace_id = $1', [
          workspaceId,
        ]),
      )
      const changed = new Map(rows.map((rule) => [rule.kind, rule]))
      return alertKinds.map((kind) => changed.get(kind) ?? { kind, enabled: true, severity: 'warning' })
    },
    async saveAlertRule(workspaceId, { kind, enabled, severity }, now) {
      const statement = `
        INSERT INTO alert_rules VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (workspace_id, kind) DO UPDATE SET
          enabled = excluded.enabled, severity = excluded.severity, updated_at = excluded.updated_at`
      await guardQuery(pool.query(statement, [workspaceId, kind, enabled, severity, new Date(now)]))
    },
    async listActiveWorkspaces(since, now) {
      const statement = `
        SELECT workspace_id FROM traces WHERE received_at >= $1
        UNION SELECT workspace_id FROM routing_decisions WHERE stored_at >= $1
        UNION SELECT workspace_id FROM outcomes WHERE updated_at >= $1
        UNION SELECT workspace_id FROM alerts WHERE state <> 'resolved'`
      const { rows } = await guardQuery(pool.query<{ workspace_id: string }>(statement, [new Date(since)]))
      const active = rows.map(({ workspace_id }) => workspace_id)
      return [...new Set([...active, ...(await listConditionedWorkspaces(database, now))])]
    },
    readConditions: (workspaceId, now) => readConditions(database, workspaceId, now),
    async listDigestedWorkspaces(week, kind) {
      const statement = `
        SELECT DISTINCT w.workspace_id FROM webhooks AS w
        WHERE w.enabled AND (w.kinds = '{}' OR $2 = ANY (w.kinds)) AND NOT EXISTS (
          SELECT 1 FROM sent_digests AS d WHERE d.workspace_id = w.workspace_id AND d.week = $1)`
      const { rows } = await guardQuery(pool.query<{ workspace_id: string }>(statement, [week, kind]))
      return rows.map(({ workspace_id }) => workspace_id)
    },
    async claimDigest(workspaceId, week, now) {
      const statement = 'INSERT INTO sent_digests VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
      const { rowCount } = await guardQuery(pool.query(statement, [workspaceId, week, new Date(now)]))
      return rowCount === 1
    },
    async countDegraded(workspaceId, since) {
      const statement = `
        SELECT coalesce(degraded_reason, '') AS reason, count(*)::int AS count FROM routing_decisions
        WHERE workspace_id = $1 AND stored_at >= $2 GROUP BY 1`
      const { rows } = await guardQuery(
        pool.query<{ reason: string; count: number }>(statement, [workspaceId, new Date(since)]),
      )
      const byReason = rows
        .filter(({ reason }) => reason !== '')
        .map(({ reason, count }) => [reason, count] as const)
      return {
        total: rows.reduce((sum, { count }) => sum + count, 0),
        byReason: Object.fromEntries(byReason),
      }
    },
  }
}

async function resolveOthers(
  client: PoolClient,
  workspaceId: string,
  findings: readonly { readonly kind: string; readonly subject: string }[],
  now: number,
): Promise<void> {
  await client.query(
    `UPDATE alerts SET state = 'resolved', updated_at = $2
     WHERE workspace_id = $1 AND state <> 'resolved' AND NOT (kind || ' ' || subject = ANY ($3))`,
    [workspaceId, new Date(now), findings.map(({ kind, subject }) => `${kind} ${subject}`)],
  )
}

function fromRow(row: AlertRow): Alert {
  const { id, kind, severity, subject, state, evidence, created_at, updated_at } = row
  return {
    id,
    kind,
    severity,
    subject,
    state,
    evidence,
    createdAt: created_at.getTime(),
    updatedAt: updated_at.getTime(),
  }
}
