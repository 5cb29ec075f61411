import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/** What a provider's opaque value is to it: the signature of readable thinking, or thinking without text. */
export type BlobForm = 'signature' | 'redacted'

/** What else is sealed: answers the gateway keeps itself, and secrets of webhooks and agents, what belongs to tool servers, and configurations. */
type SealedForm = BlobForm | 'response' | 'webhook' | 'agent' | 'mcp' | 'embedder' | 'model' | 'configuration'

/** An opaque value with where it came from, so that it goes back there and nowhere else. */
export interface Blob {
  readonly form: SealedForm
  /** Who can read it: `anthropic`, `google`, or a provider id. */
  readonly family: string
  /** The deployment that gave it. */
  readonly account: string
  readonly payload: string
}

const prefix = 'riq1.'
const cipher = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/** Whether a text claims to be an envelope of this gateway. */
export function isSealed(text: string): boolean {
  return text.startsWith(prefix)
}

/**
 * Envelopes for provider values that travel through clients: `riq1.` and base64url of nonce, tag and ciphertext
 * (AES-256-GCM). The key is derived from `secret` by HKDF-SHA-256. Clients cannot read or alter what is inside.
 */
export class BlobSealer {
  readonly #key: Buffer
  readonly #randomBytes: (size: number) => Buffer

  constructor(secret: string | Buffer, randomBytes: (size: number) => Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'routeiq sealed blob 1', keyBytes))
    this.#randomBytes = randomBytes
  }

  seal({ form, family, account, payload }: Blob): string {
    const nonce = this.#randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, this.#key, nonce).setAAD(Buffer.from(prefix))
    const text = JSON.stringify([form, family, account, payload])
    const sealed = Buffer.concat([encryption.update(text, 'utf8'), encryption.final()])
    return prefix + Buffer.concat([nonce, encryption.getAuthTag(), sealed]).toString('base64url')
  }

  /** Null for anything that this gateway did not seal with this key. */
  open(text: string): Blob | null {
    const bytes = isSealed(text) ? Buffer.from(text.slice(prefix.length), 'base64url') : null
    if (bytes === null || bytes.length < nonceBytes + tagBytes) return null
    try {
      const decryption = createDecipheriv(cipher, this.#key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(prefix))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const opened = Buffer.concat([
        decryption.update(bytes.subarray(nonceBytes + tagBytes)),
        decryption.final(),
      ])
      const blob: [BlobForm, string, string, string] = JSON.parse(opened.toString('utf8'))
      const [form, family, account, payload] = blob
      return { form, family, account, payload }
    } catch {
      return null
    }
  }
}
