import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import type { McpAccountStore, StoredCredential } from './account-store.ts'
import type { Credential } from './credential.ts'

const freshMs = 5_000
const maxCached = 10_000

/** What is known of somebody's account: null when there is none. */
export interface Account {
  readonly credential: Credential
  readonly status: StoredCredential['status']
}

interface Cached {
  readonly account: Account | null
  readonly freshUntil: number
}

/**
 * The accounts of people at tool servers, each sealed for its row. What was read is kept for five seconds, and longer
 * while the database is away.
 */
export class Vault {
  readonly #store: McpAccountStore
  readonly #sealer: BlobSealer | null
  readonly #now: () => number
  readonly #cache = new Map<string, Cached>()

  /** Without a secret nothing is taken. */
  constructor(store: McpAccountStore, secret: string | null, now: () => number) {
    this.#store = store
    this.#sealer = secret === null ? null : new BlobSealer(secret, randomBytes)
    this.#now = now
  }

  /** Errors: 503 `storage_unavailable`. */
  async find(owner: string, serverId: string): Promise<Account | null> {
    const key = keyOf(owner, serverId)
    const cached = this.#cache.get(key)
    if (cached !== undefined && cached.freshUntil > this.#now()) return cached.account
    try {
      const stored = await this.#store.findCredential(owner, serverId)
      return this.#remember(key, stored === null ? null : this.#open(stored))
    } catch (error) {
      if (cached === undefined) throw error
      return cached.account
    }
  }

  /** The account of whoever signed in to the server last. */
  async findLatest(serverId: string): Promise<{ readonly owner: string; readonly account: Account } | null> {
    const stored = await this.#store.findLatestCredential(serverId)
    const account = stored === null ? null : this.#open(stored)
    return stored === null || account === null ? null : { owner: stored.owner, account }
  }

  listServers(owner: string): Promise<readonly string[]> {
    return this.#store.listCredentialServers(owner)
  }

  /** Errors: 503 `encryption_not_configured`. */
  async put(owner: string, serverId: string, credential: Credential): Promise<void> {
    await this.#store.putCredential(this.#seal(owner, serverId, { credential, status: 'ready' }))
    this.#cache.delete(keyOf(owner, serverId))
  }

  /** In place of one that is there still. */
  async renew(owner: string, serverId: string, account: Account): Promise<void> {
    const isThere = await this.#store.renewCredential(this.#seal(owner, serverId, account))
    this.#remember(keyOf(owner, serverId), isThere ? account : null)
  }

  /** With the consents and tokens that rely on it. False when there was none. */
  async remove(owner: string, serverId: string): Promise<boolean> {
    const isRemoved = await this.#store.removeCredential(owner, serverId)
    this.#cache.delete(keyOf(owner, serverId))
    return isRemoved
  }

  /** What others may have changed is read again. */
  forget(owner: string, serverId: string): void {
    this.#cache.delete(keyOf(owner, serverId))
  }

  /** Errors: 503 `encryption_not_configured`. */
  requireSealer(): BlobSealer {
    if (this.#sealer !== null) return this.#sealer
    throw new GatewayError(
      'encryption_not_configured',
      'Accounts at tool servers are kept encrypted, and there is no key to do so. Set LITELLM_SALT_KEY.',
    )
  }

  #remember(key: string, account: Account | null): Account | null {
    if (this.#cache.size >= maxCached) this.#cache.clear()
    this.#cache.set(key, { account, freshUntil: this.#now() + freshMs })
    return account
  }

  #seal(owner: string, serverId: string, { credential, status }: Account): StoredCredential {
    const payload = JSON.stringify(credential)
    const account = keyOf(owner, serverId)
    const sealed = this.requireSealer().seal({ form: 'mcp', family: 'credential', account, payload })
    const isOAuth = credential.kind === 'oauth'
    return {
      ...{ owner, serverId, status, sealed },
      issuer: isOAuth ? credential.issuer.issuer : '',
      scope: isOAuth ? credential.tokens.scope : null,
      expiresAt: isOAuth ? credential.tokens.expiresAt : null,
    }
  }

  /** Null when it was sealed with another key or for another row. */
  #open({ owner, serverId, status, sealed }: StoredCredential): Account | null {
    const blob = this.#sealer?.open(sealed) ?? null
    if (blob === null || blob.family !== 'credential' || blob.account !== keyOf(owner, serverId)) return null
    return { credential: JSON.parse(blob.payload) as Credential, status }
  }
}

function keyOf(owner: string, serverId: string): string {
  return JSON.stringify([owner, serverId])
}
