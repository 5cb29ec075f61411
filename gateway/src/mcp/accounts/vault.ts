import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import type { KeyRing, SealedPlace } from '../../secrets/key-ring.ts'
import type { IssuerClient } from '../oauth/authorization-server.ts'
import type { McpAccountStore, StoredCredential } from './account-store.ts'
import type { Credential } from './credential.ts'

const freshMs = 5_000
const maxCached = 10_000

/** What is known of somebody's account: null when there is none. */
export interface Account {
  readonly credential: Credential
  readonly status: StoredCredential['status']
}

/** A registration at an authorization server, and the address of the gateway it is for. */
interface RegisteredClient extends IssuerClient {
  readonly base: string
}

/** What the vault seals with. */
export interface VaultKeys {
  readonly keyRing: KeyRing
  /** For what travels through clients; without it nobody signs in. */
  readonly secret: string | null
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
  readonly #keyRing: KeyRing
  readonly #sealer: BlobSealer | null
  readonly #now: () => number
  readonly #cache = new Map<string, Cached>()

  constructor(store: McpAccountStore, { keyRing, secret }: VaultKeys, now: () => number) {
    this.#store = store
    this.#keyRing = keyRing
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
  sealIssuerClient(serverId: string, issuer: string, client: RegisteredClient): string {
    return this.#keyRing.seal(issuerPlace(serverId, issuer), JSON.stringify(client))
  }

  /** Null when it was sealed with a key that is not configured, or for another row. */
  openIssuerClient(serverId: string, issuer: string, sealed: string): RegisteredClient | null {
    const payload = this.#keyRing.open(issuerPlace(serverId, issuer), sealed)
    return payload === null ? null : (JSON.parse(payload) as RegisteredClient)
  }

  /** For what travels through clients. Errors: 503 `encryption_not_configured`. */
  requireSealer(): BlobSealer {
    if (this.#sealer !== null) return this.#sealer
    throw new GatewayError(
      'encryption_not_configured',
      'Signing in at tool servers needs a key to encrypt with. Set LITELLM_SALT_KEY.',
    )
  }

  #remember(key: string, account: Account | null): Account | null {
    if (this.#cache.size >= maxCached) this.#cache.clear()
    this.#cache.set(key, { account, freshUntil: this.#now() + freshMs })
    return account
  }

  #seal(owner: string, serverId: string, { credential, status }: Account): StoredCredential {
    const payload = JSON.stringify(credential)
    const sealed = this.#keyRing.seal(credentialPlace(owner, serverId), payload)
    const isOAuth = credential.kind === 'oauth'
    return {
      ...{ owner, serverId, status, sealed },
      issuer: isOAuth ? credential.issuer.issuer : '',
      scope: isOAuth ? credential.tokens.scope : null,
      expiresAt: isOAuth ? credential.tokens.expiresAt : null,
    }
  }

  /** Null when it was sealed with a key that is not configured, or for another row. */
  #open({ owner, serverId, status, sealed }: StoredCredential): Account | null {
    const payload = this.#keyRing.open(credentialPlace(owner, serverId), sealed)
    return payload === null ? null : { credential: JSON.parse(payload) as Credential, status }
  }
}

function credentialPlace(owner: string, serverId: string): SealedPlace {
  return { table: 'mcp_credentials', row: keyOf(owner, serverId) }
}

function issuerPlace(serverId: string, issuer: string): SealedPlace {
  return { table: 'mcp_issuer_clients', row: JSON.stringify([serverId, issuer]) }
}

function keyOf(owner: string, serverId: string): string {
  return JSON.stringify([owner, serverId])
}
