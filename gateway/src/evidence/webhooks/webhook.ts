/** Where a workspace wants to hear of its alerts. */
export interface Webhook {
  readonly id: string
  readonly url: string
  /** Kinds of alert; empty for all. */
  readonly kinds: readonly string[]
  /** Encrypted where the operator configured a salt key. */
  readonly secret: string
  readonly enabled: boolean
  readonly createdAt: number
}

/** A message on its way. Its id stays the same over all attempts, so that receivers can tell repeats. */
export interface Delivery {
  /** `msg_…` */
  readonly id: string
  readonly workspaceId: string
  readonly webhookId: string
  readonly payload: string
  /** Those made so far. */
  readonly attempts: number
  readonly state: 'waiting' | 'delivered' | 'failed'
  readonly lastError: string | null
  /** When to try next; epoch milliseconds. */
  readonly nextAt: number
  readonly createdAt: number
}

/** Webhooks and what is sent to them. Rejects with `storage_unavailable` when the database does not answer. */
export interface WebhookStore {
  saveWebhook(workspaceId: string, webhook: Webhook): Promise<void>
  listWebhooks(workspaceId: string): Promise<readonly Webhook[]>
  /** Whether there was one to delete. Its waiting messages go with it. */
  deleteWebhook(workspaceId: string, id: string): Promise<boolean>
  queueDeliveries(deliveries: readonly Delivery[]): Promise<void>
  /** The last ones, the newest first. */
  listDeliveries(workspaceId: string, webhookId: string, limit: number): Promise<readonly Delivery[]>
  /**
   * Takes what is due: nobody else gets the same before `until`, when it falls due again. With its webhook, those of
   * disabled ones left out.
   */
  takeDueDeliveries(
    now: number,
    until: number,
    limit: number,
  ): Promise<readonly (Delivery & Pick<Webhook, 'url' | 'secret'>)[]>
  updateDelivery(
    delivery: Pick<Delivery, 'id' | 'attempts' | 'state' | 'lastError' | 'nextAt'>,
  ): Promise<void>
  /** Removes what was settled before. */
  purgeDeliveries(before: number): Promise<void>
}
