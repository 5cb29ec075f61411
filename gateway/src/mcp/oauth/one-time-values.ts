import { createHash, randomBytes } from 'node:crypto'
import type { BlobSealer } from '../../conversation/blob-sealer.ts'

/** What all workers and replicas share for a short while. */
export interface ShortLived {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** True for the first who asks within the time, and for nobody else. */
  claim(key: string, ttlMs: number): Promise<boolean>
}

/** Values behind random names that work once: sessions, states and codes of signing in. Sealed where they are kept. */
export class OneTimeValues<Value extends object> {
  readonly #kind: string
  readonly #ttlMs: number
  readonly #shared: ShortLived
  readonly #sealer: () => BlobSealer

  constructor(kind: string, ttlMs: number, shared: ShortLived, sealer: () => BlobSealer) {
    this.#kind = kind
    this.#ttlMs = ttlMs
    this.#shared = shared
    this.#sealer = sealer
  }

  /** Errors: 503 `encryption_not_configured`. */
  async put(value: Value): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    const key = this.#keyOf(id)
    const payload = JSON.stringify(value)
    const sealed = this.#sealer().seal({ form: 'mcp', family: this.#kind, account: key, payload })
    await this.#shared.set(key, sealed, this.#ttlMs)
    return id
  }

  /** Null for what is unknown, too old, or was taken before. */
  async take(id: string): Promise<Value | null> {
    const key = this.#keyOf(id)
    const sealed = await this.#shared.get(key)
    if (sealed === null || !(await this.#shared.claim(`${key}:taken`, this.#ttlMs))) return null
    const blob = this.#sealer().open(sealed)
    if (blob === null || blob.family !== this.#kind || blob.account !== key) return null
    return JSON.parse(blob.payload) as Value
  }

  #keyOf(id: string): string {
    return `mcp:${this.#kind}:${createHash('sha256').update(id).digest('hex')}`
  }
}
