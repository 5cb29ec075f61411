import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { canonicalCard } from './canonical-card.ts'

/** What stands before the 32 octets of an Ed25519 key in PKCS#8 (RFC 8410). */
const keyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs the cards the gateway gives. All replicas have the same key, and sign the same card with the same bytes. */
export class CardSigner {
  readonly #key: KeyObject
  readonly #keyId: string
  /** The set of public keys that clients check signatures with. */
  readonly keySet: JsonRecord

  constructor(secret: string | Buffer) {
    const seed = Buffer.from(hkdfSync('sha256', secret, '', 'routeiq a2a cards', 32))
    const der = Buffer.concat([keyPrefix, seed])
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const { kty, crv, x } = createPublicKey(this.#key).export({ format: 'jwk' })
    this.#keyId = createHash('sha256').update(`${x}`).digest('base64url').slice(0, 16)
    this.keySet = { keys: [{ kty, crv, x, kid: this.#keyId, alg: 'EdDSA', use: 'sig' }] }
  }

  /** `keysUrl` is where the key set is. */
  sign(card: JsonRecord, keysUrl: string): JsonRecord {
    const header = { alg: 'EdDSA', typ: 'JOSE', kid: this.#keyId, jku: keysUrl }
    const [named, payload] = [JSON.stringify(header), canonicalCard(card)].map((text) =>
      Buffer.from(text).toString('base64url'),
    ) as [string, string]
    const signature = sign(null, Buffer.from(`${named}.${payload}`), this.#key).toString('base64url')
    return { ...card, signatures: [{ protected: named, signature }] }
  }
}
