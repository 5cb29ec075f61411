import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { UserEgressConfig } from '../config/config.ts'
import type { WebhookParts } from '../evidence/api/evidence-dependencies.ts'
import { newWebhookSecret } from '../evidence/webhooks/sign-webhook.ts'
import { isSealedSecret, type KeyRing, type SealedPlace } from '../secrets/key-ring.ts'
import { nameRow } from '../secrets/sealed-columns.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'

/** What the routes of webhooks need: targets are judged, secrets sealed. */
export function createWebhookParts(egressConfig: UserEgressConfig, keyRing: KeyRing): WebhookParts {
  const egress = new UserEgress(egressConfig)
  return {
    requireTarget: (url) => {
      const refusal = egress.refuseUrl(url)
      if (refusal === null) return
      throw new GatewayError('invalid_request', `This URL may not be called: ${refusal}.`, { param: 'url' })
    },
    newSecret: () => newWebhookSecret(randomBytes),
    sealSecret: (workspaceId, webhookId, secret) => keyRing.seal(placeOf(workspaceId, webhookId), secret),
    newMessageId: () => `msg_${randomBytes(16).toString('hex')}`,
  }
}

/** Opens what `sealSecret` sealed, and what was kept in clear before it always did. */
export function createSecretOpener(
  keyRing: KeyRing,
): (workspaceId: string, webhookId: string, stored: string) => string | null {
  return (workspaceId, webhookId, stored) =>
    isSealedSecret(stored) ? keyRing.open(placeOf(workspaceId, webhookId), stored) : stored
}

function placeOf(workspaceId: string, webhookId: string): SealedPlace {
  return { table: 'webhooks', row: nameRow([workspaceId, webhookId]) }
}
