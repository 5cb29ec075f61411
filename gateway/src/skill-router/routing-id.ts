import { hash } from 'node:crypto'

const idBytes = 12
const pooledIds = 256

/** `rt_` and 24 lower-case hex digits of 12 random bytes. */
export function makeRoutingId(randomBytes: (size: number) => Buffer): string {
  return `rt_${randomBytes(idBytes).toString('hex')}`
}

/** The same source, asked for many ids at a time: a call of the system's costs more than all else about an id. */
export function poolRandomBytes(randomBytes: (size: number) => Buffer): (size: number) => Buffer {
  let pool: Buffer = Buffer.alloc(0)
  let taken = 0
  return (size) => {
    if (taken + size > pool.length) {
      pool = randomBytes(Math.max(size, pooledIds * idBytes))
      taken = 0
    }
    taken += size
    return pool.subarray(taken - size, taken)
  }
}

/** What the chance in a decision is drawn from, so that it can be replayed from its id. */
export function seedOf(routingId: string): Uint8Array {
  return hash('sha256', routingId, 'buffer')
}
