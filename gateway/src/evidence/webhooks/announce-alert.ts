import type { Alert } from '../alerts/alert.ts'
import type { Delivery, WebhookStore } from './webhook.ts'

export interface AnnounceOptions {
  readonly store: Pick<WebhookStore, 'listWebhooks' | 'queueDeliveries'>
  readonly now: () => number
  /** `msg_…`, unguessable. */
  readonly newMessageId: () => string
}

/** Queues an alert for every webhook of its workspace that wants this kind. */
export async function announceAlert(
  options: AnnounceOptions,
  workspaceId: string,
  alert: Alert,
): Promise<void> {
  const webhooks = await options.store.listWebhooks(workspaceId)
  const wanting = webhooks.filter(
    ({ enabled, kinds }) => enabled && (kinds.length === 0 || kinds.includes(alert.kind)),
  )
  await options.store.queueDeliveries(
    wanting.map(({ id }) => newDelivery(options, workspaceId, id, 'alert.opened', formatAlert(alert))),
  )
}

/** A message of a type, due at once. */
export function newDelivery(
  { now, newMessageId }: Pick<AnnounceOptions, 'now' | 'newMessageId'>,
  workspaceId: string,
  webhookId: string,
  type: string,
  data: object,
): Delivery {
  const at = now()
  return {
    id: newMessageId(),
    workspaceId,
    webhookId,
    payload: JSON.stringify({ type, timestamp: new Date(at).toISOString(), data }),
    attempts: 0,
    state: 'waiting',
    lastError: null,
    nextAt: at,
    createdAt: at,
  }
}

export function formatAlert({ createdAt, updatedAt, ...alert }: Alert): object {
  return {
    ...alert,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}
