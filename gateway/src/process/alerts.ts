import { randomUUID } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import { watchAlerts, watchEveryMs } from '../evidence/alerts/alert-watch.ts'
import { sendDueDigests } from '../evidence/alerts/weekly-digest.ts'
import { AnalyticsReader } from '../evidence/api/analytics-reader.ts'
import { announceAlert } from '../evidence/webhooks/announce-alert.ts'
import { WebhookSender } from '../evidence/webhooks/webhook-sender.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { postBytes } from '../transport/post-bytes.ts'
import type { Hub } from './hub.ts'
import { createKeyRing } from './key-ring.ts'
import { createUserTransport } from './network-transport.ts'
import type { Telemetry } from './telemetry.ts'
import { createSecretOpener, createWebhookParts } from './webhooks.ts'

export interface AlertOptions {
  readonly hub: Pick<Hub, 'evidence' | 'skills'>
  readonly config: Pick<GatewayConfig, 'userEgress' | 'identity'>
  readonly logger: Telemetry['logger']
  /** Whether this replica watches for all of them. */
  readonly leads: () => boolean
  readonly now: () => number
}

/** Watches every workspace for what deserves an alert and tells webhooks. One process of a gateway does it, and of replicas the leader. */
export function startAlerts({ hub, config, logger, leads, now }: AlertOptions): {
  stop(): Promise<void>
} {
  const { evidence: store, skills } = hub
  const keyRing = createKeyRing(config.identity)
  const guard = new UserEgress(config.userEgress)
  const transport = createUserTransport(guard, { maxConnectionsPerOrigin: 4, closeTimeoutMs: 1_000 })
  const { newMessageId } = createWebhookParts(config.userEgress, keyRing)
  const sender = new WebhookSender({
    store,
    post: (url, headers, body) => postBytes(transport, url, headers, body),
    openSecret: createSecretOpener(keyRing),
    now,
  })
  const watch = {
    store,
    skills,
    announce: (workspaceId: string, alert: Parameters<typeof announceAlert>[2]) =>
      announceAlert({ store, now, newMessageId }, workspaceId, alert),
    now,
    newId: randomUUID,
  }
  const digests = { store, reader: new AnalyticsReader({ store, skills, now }), now, newMessageId }
  const onFailed = (error: unknown): void =>
    logger.log('warn', 'alerts_not_watched', { reason: error instanceof Error ? error.message : null })
  sender.start()
  let watching: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    if (!leads()) return
    watching = watchAlerts(watch)
      .then(() => sendDueDigests(digests))
      .catch(onFailed)
  }, watchEveryMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all([sender.stop(), watching])
      await transport.close()
    },
  }
}
