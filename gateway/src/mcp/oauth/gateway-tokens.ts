import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { McpAccountStore, NextTokens, TokenGrant } from '../accounts/account-store.ts'

/** What tokens of the gateway begin with, so that no key is mistaken for one. */
const accessPrefix = 'riq_mcp_'
const accessMs = 3_600_000
const refreshMs = 30 * 86_400_000
/** A token that was revoked elsewhere ends this soon here. */
const freshMs = 5_000
const maxCached = 10_000

export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresInSeconds: number
  readonly scope: string | null
}

export function isGatewayToken(credential: string): boolean {
  return credential.startsWith(accessPrefix)
}

/** Tokens that clients get by signing in. They stand for a key at one tool server, and are kept as digests. */
export class GatewayTokens {
  readonly #store: McpAccountStore
  readonly #now: () => number
  readonly #cache = new Map<string, { readonly grant: TokenGrant | null; readonly freshUntil: number }>()

  constructor(store: McpAccountStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async issue(
    holder: Pick<TokenGrant, 'owner' | 'keyHash' | 'serverId' | 'client' | 'resource' | 'scope'>,
  ): Promise<IssuedTokens> {
    const { next, ...plain } = this.#create()
    await this.#store.addGrant({ ...holder, ...next, grantId: randomUUID() })
    return { ...plain, scope: holder.scope }
  }

  /** New tokens in place of old ones, once. Null when the refresh token is none of this client's. */
  async rotate(
    refreshToken: string,
    holder: Pick<TokenGrant, 'serverId' | 'client'>,
  ): Promise<IssuedTokens | null> {
    const { next, ...plain } = this.#create()
    const grant = await this.#store.rotateGrant(digest(refreshToken), holder, next)
    return grant === null ? null : { ...plain, scope: grant.scope }
  }

  /** Null for a token that is unknown or over. */
  async find(accessToken: string): Promise<TokenGrant | null> {
    const hash = digest(accessToken)
    const cached = this.#cache.get(hash)
    const grant =
      cached !== undefined && cached.freshUntil > this.#now() ? cached.grant : await this.#read(hash)
    return grant !== null && grant.accessExpiresAt > this.#now() ? grant : null
  }

  /** Grants were removed here. */
  forget(): void {
    this.#cache.clear()
  }

  async #read(hash: string): Promise<TokenGrant | null> {
    const grant = await this.#store.findGrant(hash)
    if (this.#cache.size >= maxCached) this.#cache.clear()
    this.#cache.set(hash, { grant, freshUntil: this.#now() + freshMs })
    return grant
  }

  #create(): { readonly next: NextTokens } & Omit<IssuedTokens, 'scope'> {
    const accessToken = accessPrefix + randomBytes(32).toString('base64url')
    const refreshToken = randomBytes(32).toString('base64url')
    return {
      accessToken,
      refreshToken,
      expiresInSeconds: accessMs / 1000,
      next: {
        accessHash: digest(accessToken),
        accessExpiresAt: this.#now() + accessMs,
        refreshHash: digest(refreshToken),
        refreshExpiresAt: this.#now() + refreshMs,
      },
    }
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
