import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import type { SealedTable } from './sealed-columns.ts'

/** The column that a secret is kept for. What was sealed for one row opens for no other. */
export interface SealedPlace {
  readonly table: SealedTable
  /** The primary key: one text, or a JSON array of several. */
  readonly row: string
}

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

const prefix = 'riq2.'
/** Envelopes from before keys had ids, made with the salt key or the master key. */
const oldPrefix = 'riq1.'
const cipher = 'aes-256-gcm'
const keyBytes = 32
const idBytes = 6
const nonceBytes = 12
const tagBytes = 16

/** Whether a stored text claims to be sealed. */
export function isSealedSecret(text: string): boolean {
  return text.startsWith(prefix) || text.startsWith(oldPrefix)
}

/**
 * Keys for secrets at rest. The first seals, all of them open. An envelope is `riq2.`, the id of its key and base64url of
 * nonce, tag and ciphertext (AES-256-GCM); the place is authenticated with it. Keys and their ids are derived from
 * the roots by HKDF-SHA-256.
 */
export class KeyRing {
  readonly #keys: readonly Key[]
  readonly #oldSealers: readonly BlobSealer[]
  readonly #randomBytes: (size: number) => Buffer

  /** `oldRoots` are those that may have sealed before keys had ids. */
  constructor(
    roots: readonly (string | Buffer)[],
    oldRoots: readonly string[],
    randomBytes: (size: number) => Buffer,
  ) {
    this.#keys = roots.map(deriveKey)
    this.#oldSealers = oldRoots.map((root) => new BlobSealer(root, randomBytes))
    this.#randomBytes = randomBytes
  }

  /** What envelopes of the first key begin with; null without a key. */
  get currentPrefix(): string | null {
    const [key] = this.#keys
    return key === undefined ? null : envelopePrefix(key)
  }

  /** What envelopes begin with that one of the keys opens. */
  get knownPrefixes(): readonly string[] {
    return this.#keys.map(envelopePrefix)
  }

  /** Errors: 503 `encryption_not_configured` without a key. */
  seal(place: SealedPlace, secret: string): string {
    const [key] = this.#keys
    if (key === undefined) {
      throw new GatewayError(
        'encryption_not_configured',
        'Secrets are kept encrypted, and there is no key to do so. Set ROUTEIQ_ENCRYPTION_KEY.',
      )
    }
    const nonce = this.#randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, key.bytes, nonce).setAAD(authenticated(key, place))
    const sealed = Buffer.concat([encryption.update(secret, 'utf8'), encryption.final()])
    const bytes = Buffer.concat([nonce, encryption.getAuthTag(), sealed])
    return envelopePrefix(key) + bytes.toString('base64url')
  }

  /** Null for what was sealed with a key that is not here, or for another place. */
  open(place: SealedPlace, text: string): string | null {
    if (text.startsWith(oldPrefix)) return this.#openOld(place, text)
    const key = this.#keys.find((one) => text.startsWith(envelopePrefix(one)))
    if (key === undefined) return null
    const bytes = Buffer.from(text.slice(envelopePrefix(key).length), 'base64url')
    if (bytes.length < nonceBytes + tagBytes) return null
    try {
      const decryption = createDecipheriv(cipher, key.bytes, bytes.subarray(0, nonceBytes))
        .setAAD(authenticated(key, place))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      return (
        decryption.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decryption.final('utf8')
      )
    } catch {
      return null
    }
  }

  /** Some of the old envelopes named their row inside, the others none. */
  #openOld({ row }: SealedPlace, text: string): string | null {
    for (const sealer of this.#oldSealers) {
      const blob = sealer.open(text)
      if (blob === null) continue
      const { account, payload } = blob
      return account === '' || account === row || account.startsWith(`${row.slice(0, -1)},`) ? payload : null
    }
    return null
  }
}

function deriveKey(root: string | Buffer): Key {
  const derive = (info: string, size: number): Buffer => Buffer.from(hkdfSync('sha256', root, '', info, size))
  return {
    id: derive('routeiq secret key id 1', idBytes).toString('hex'),
    bytes: derive('routeiq secret key 1', keyBytes),
  }
}

function envelopePrefix({ id }: Key): string {
  return `${prefix}${id}.`
}

function authenticated(key: Key, { table, row }: SealedPlace): Buffer {
  return Buffer.from(envelopePrefix(key) + JSON.stringify([table, row]))
}
