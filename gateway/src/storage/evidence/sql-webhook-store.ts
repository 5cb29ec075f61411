import type { Delivery, Webhook, WebhookStore } from '../../evidence/webhooks/webhook.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface WebhookRow {
  readonly id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly secret: string
  readonly enabled: boolean
  readonly created_at: Date
}

interface DeliveryRow {
  readonly id: string
  readonly workspace_id: string
  readonly webhook_id: string
  readonly payload: string
  readonly attempts: number
  readonly state: Delivery['state']
  readonly last_error: string | null
  readonly next_at: Date
  readonly created_at: Date
}

const takeDue = `
WITH due AS (
  SELECT d.id FROM webhook_deliveries d
  JOIN webhooks w ON w.workspace_id = d.workspace_id AND w.id = d.webhook_id AND w.enabled
  WHERE d.state = 'waiting' AND d.next_at <= $1 ORDER BY d.next_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhook_deliveries d SET next_at = $2 FROM due, webhooks w
WHERE d.id = due.id AND w.workspace_id = d.workspace_id AND w.id = d.webhook_id
RETURNING d.*, w.url, w.secret`

/** Webhooks over SQL. */
export function createSqlWebhookStore({ pool }: Database): WebhookStore {
  return {
    async saveWebhook(workspaceId, { id, url, kinds, secret, enabled, createdAt }) {
      const statement = 'INSERT INTO webhooks VALUES ($1, $2, $3, $4, $5, $6, $7)'
      await guardQuery(
        pool.query(statement, [workspaceId, id, url, kinds, secret, enabled, new Date(createdAt)]),
      )
    },
    async listWebhooks(workspaceId) {
      const { rows } = await guardQuery(
        pool.query<WebhookRow>('SELECT * FROM webhooks WHERE workspace_id = $1 ORDER BY created_at, id', [
          workspaceId,
        ]),
      )
      return rows.map(webhookFromRow)
    },
    async deleteWebhook(workspaceId, id) {
      const statement = `
        WITH gone AS (DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2 RETURNING id),
          messages AS (DELETE FROM webhook_deliveries WHERE workspace_id = $1 AND webhook_id = $2)
        SELECT id FROM gone`
      const { rowCount } = await guardQuery(pool.query(statement, [workspaceId, id]))
      return rowCount === 1
    },
    async queueDeliveries(deliveries) {
      const statement = 'INSERT INTO webhook_deliveries VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)'
      for (const { id, workspaceId, webhookId, payload, attempts, state, lastError, ...at } of deliveries) {
        const times = [new Date(at.nextAt), new Date(at.createdAt)]
        const values = [id, workspaceId, webhookId, payload, attempts, state, lastError, ...times]
        await guardQuery(pool.query(statement, values))
      }
    },
    async listDeliveries(workspaceId, webhookId, limit) {
      const { rows } = await guardQuery(
        pool.query<DeliveryRow>(
          `SELECT * FROM webhook_deliveries WHERE workspace_id = $1 AND webhook_id = $2
           ORDER BY created_at DESC, id LIMIT $3`,
          [workspaceId, webhookId, limit],
        ),
      )
      return rows.map(deliveryFromRow)
    },
    async takeDueDeliveries(now, until, limit) {
      const { rows } = await guardQuery(
        pool.query<DeliveryRow & { url: string; secret: string }>(takeDue, [
          new Date(now),
          new Date(until),
          limit,
        ]),
      )
      return rows.map((row) => ({ ...deliveryFromRow(row), url: row.url, secret: row.secret }))
    },
    async updateDelivery({ id, attempts, state, lastError, nextAt }) {
      const statement =
        'UPDATE webhook_deliveries SET attempts = $2, state = $3, last_error = $4, next_at = $5 WHERE id = $1'
      await guardQuery(pool.query(statement, [id, attempts, state, lastError, new Date(nextAt)]))
    },
    async purgeDeliveries(before) {
      const statement = "DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND next_at < $1"
      await guardQuery(pool.query(statement, [new Date(before)]))
    },
  }
}

function webhookFromRow({ id, url, kinds, secret, enabled, created_at }: WebhookRow): Webhook {
  return { id, url, kinds, secret, enabled, createdAt: created_at.getTime() }
}

function deliveryFromRow(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    webhookId: row.webhook_id,
    payload: row.payload,
    attempts: row.attempts,
    state: row.state,
    lastError: row.last_error,
    nextAt: row.next_at.getTime(),
    createdAt: row.created_at.getTime(),
  }
}
