import { createHmac } from 'node:crypto'

const prefix = 'whsec_'

/**
 * The headers of a message by Standard Webhooks 1.0 (standardwebhooks.com), flat name, value: an HMAC-SHA256 over id,
 * time and payload, keyed with the bytes behind `whsec_`. `at` is in epoch milliseconds.
 */
export function signWebhook(secret: string, id: string, payload: string, at: number): readonly string[] {
  const timestamp = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')
  return ['webhook-id', id, 'webhook-timestamp', timestamp, 'webhook-signature', `v1,${signature}`]
}

export function newWebhookSecret(randomBytes: (size: number) => Buffer): string {
  return prefix + randomBytes(24).toString('base64')
}
