import { hash } from 'node:crypto'

/** `rt_` and 24 lower-case hex digits of 12 random bytes. */
export function makeRoutingId(randomBytes: (size: number) => Buffer): string {
  return `rt_${randomBytes(12).toString('hex')}`
}

/** What the chance in a decision is drawn from, so that it can be replayed from its id. */
export function seedOf(routingId: string): Uint8Array {
  return hash('sha256', routingId, 'buffer')
}
