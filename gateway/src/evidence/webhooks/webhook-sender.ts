import { GatewayError } from '@routeiq/contract'
import { signWebhook } from './sign-webhook.ts'
import type { Delivery, Webhook, WebhookStore } from './webhook.ts'

/** Pauses after each failed attempt: six attempts over 24 hours. */
const pausesMs = [60_000, 600_000, 3_600_000, 21_600_000, 60_540_000] as const
const pollEveryMs = 2_000
const leaseMs = 60_000
const batch = 20
const keepSettledMs = 24 * 3_600_000

export interface WebhookSenderOptions {
  readonly store: WebhookStore
  /** Sends one message and resolves with the status of the answer. Refuses addresses a user may not name. */
  readonly post: (url: string, headers: readonly string[], body: string) => Promise<number>
  /** Null for a secret that was encrypted with a key that is not configured. */
  readonly openSecret: (workspaceId: string, webhookId: string, sealed: string) => string | null
  readonly now: () => number
}

/** Sends what is due, again and again until it is stopped. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: WebhookSenderOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.sendDue()).catch(() => {})
    }, pollEveryMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#running
  }

  /** Rejects with `storage_unavailable`. */
  async sendDue(): Promise<void> {
    const { store, now } = this.#options
    const due = await store.takeDueDeliveries(now(), now() + leaseMs, batch)
    await Promise.all(due.map((delivery) => this.#send(delivery)))
    await store.purgeDeliveries(now() - keepSettledMs)
  }

  async #send(delivery: Delivery & Pick<Webhook, 'url' | 'secret'>): Promise<void> {
    const { store, now } = this.#options
    const problem = await this.#attempt(delivery)
    const attempts = delivery.attempts + 1
    const pause = pausesMs[attempts - 1]
    const state = problem === null ? 'delivered' : pause === undefined ? 'failed' : 'waiting'
    const { id } = delivery
    await store.updateDelivery({ id, attempts, state, lastError: problem, nextAt: now() + (pause ?? 0) })
  }

  /** Null when the message was taken, else why not. */
  async #attempt({
    id,
    workspaceId,
    webhookId,
    url,
    secret,
    payload,
  }: Delivery & Pick<Webhook, 'url' | 'secret'>): Promise<string | null> {
    const { post, openSecret, now } = this.#options
    const opened = openSecret(workspaceId, webhookId, secret)
    if (opened === null)
      return 'the secret was encrypted with a key that is not configured; create the webhook again'
    const signed = signWebhook(opened, id, payload, now())
    try {
      const status = await post(url, ['content-type', 'application/json', ...signed], payload)
      return status >= 200 && status < 300 ? null : `the receiver answered with status ${status}`
    } catch (error) {
      return error instanceof GatewayError ? error.message : 'the receiver could not be reached'
    }
  }
}
