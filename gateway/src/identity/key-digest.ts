import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The identifier of a key: SHA-256 hex of its full text. It names a key and is never a credential. */
export function digestKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** The stored form when `ROUTEIQ_KEY_PEPPER` is set: HMAC-SHA-256 hex of the full text. */
export function digestPepperedKey(key: string, pepper: string): string {
  return createHmac('sha256', pepper).update(key).digest('hex')
}

/** Compares two hex digests of equal length in constant time. */
export function equalDigests(left: string, right: string): boolean {
  const a = Buffer.from(left, 'hex')
  const b = Buffer.from(right, 'hex')
  return a.length === b.length && timingSafeEqual(a, b)
}
