import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { UserEgressConfig } from '../config/config.ts'
import { BlobSealer, isSealed } from '../conversation/blob-sealer.ts'
import type { WebhookParts } from '../evidence/api/evidence-dependencies.ts'
import { newWebhookSecret } from '../evidence/webhooks/sign-webhook.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'

/** What the routes of webhooks need: targets are judged, secrets sealed with the salt key where there is one. */
export function createWebhookParts(egressConfig: UserEgressConfig, saltKey: string | null): WebhookParts {
  const egress = new UserEgress(egressConfig)
  const sealer = saltKey === null ? null : new BlobSealer(saltKey, randomBytes)
  return {
    requireTarget: (url) => {
      const refusal = egress.refuseUrl(url)
      if (refusal === null) return
      throw new GatewayError('invalid_request', `This URL may not be called: ${refusal}.`, { param: 'url' })
    },
    newSecret: () => newWebhookSecret(randomBytes),
    sealSecret: (secret) =>
      sealer?.seal({ form: 'webhook', family: '', account: '', payload: secret }) ?? secret,
    newMessageId: () => `msg_${randomBytes(16).toString('hex')}`,
  }
}

/** Opens what `sealSecret` sealed; null when it was sealed with another key. */
export function createSecretOpener(saltKey: string | null): (stored: string) => string | null {
  const sealer = saltKey === null ? null : new BlobSealer(saltKey, randomBytes)
  return (stored) => (isSealed(stored) ? (sealer?.open(stored)?.payload ?? null) : stored)
}
