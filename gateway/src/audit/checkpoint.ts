import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { ChainPosition } from './audit-chain.ts'

/** A statement of what a chain looked like, which nobody without the key can make up. */
export interface Checkpoint extends ChainPosition {
  readonly chain: string
  /** `retention`: rows up to here were taken away by age. */
  readonly kind: 'checkpoint' | 'retention'
  /** Epoch milliseconds. */
  readonly at: number
  /** Names the key; null where the gateway has no secret to derive one from. */
  readonly keyId: string | null
  /** HMAC-SHA-256, hexadecimal; null without a key. */
  readonly signature: string | null
}

export type UnsignedCheckpoint = Omit<Checkpoint, 'keyId' | 'signature'>

/** Signs checkpoints with a key derived from the gateway's secret by HKDF-SHA-256. */
export class CheckpointSigner {
  readonly #key: Buffer
  readonly #keyId: string

  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'routeiq audit 1', 32))
    this.#keyId = createHash('sha256').update(this.#key).digest('hex').slice(0, 8)
  }

  sign(checkpoint: UnsignedCheckpoint): Checkpoint {
    return { ...checkpoint, keyId: this.#keyId, signature: this.#digest(checkpoint).toString('hex') }
  }

  /** `unknown_key` for what another key has signed, or none. */
  check(checkpoint: Checkpoint): 'valid' | 'forged' | 'unknown_key' {
    const { keyId, signature } = checkpoint
    if (keyId !== this.#keyId || signature === null) return 'unknown_key'
    const given = Buffer.from(signature, 'hex')
    const expected = this.#digest(checkpoint)
    return given.length === expected.length && timingSafeEqual(given, expected) ? 'valid' : 'forged'
  }

  #digest({ chain, seq, hash, kind, at }: UnsignedCheckpoint): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([kind, chain, seq, hash, at]))
      .digest()
  }
}
