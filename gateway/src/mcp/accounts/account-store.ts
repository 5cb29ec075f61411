/** Somebody's account at a tool server, as it is kept. Times are epoch milliseconds. */
export interface StoredCredential {
  readonly owner: string
  readonly serverId: string
  /** Empty for what was entered by hand. */
  readonly issuer: string
  readonly scope: string | null
  readonly expiresAt: number | null
  /** `auth_required` when it could not be renewed. */
  readonly status: 'ready' | 'auth_required'
  readonly sealed: string
}

/** That a client may use somebody's account. */
export interface Consent {
  readonly owner: string
  readonly serverId: string
  readonly client: string
  readonly redirectUri: string
}

/** The tokens of the gateway that one sign-in gave a client: digests alone. */
export interface TokenGrant {
  readonly grantId: string
  readonly owner: string
  /** The key the tokens stand for. */
  readonly keyHash: string
  readonly serverId: string
  readonly client: string
  readonly resource: string
  readonly scope: string | null
  readonly accessHash: string
  readonly accessExpiresAt: number
  readonly refreshHash: string
  readonly refreshExpiresAt: number
}

export type NextTokens = Pick<
  TokenGrant,
  'accessHash' | 'accessExpiresAt' | 'refreshHash' | 'refreshExpiresAt'
>

/** Where accounts at tool servers are kept. Rejects with `storage_unavailable` when the database is away. */
export interface McpAccountStore {
  findCredential(owner: string, serverId: string): Promise<StoredCredential | null>
  /** That of whoever signed in to the server last. */
  findLatestCredential(serverId: string): Promise<StoredCredential | null>
  /** The servers somebody has an account at. */
  listCredentialServers(owner: string): Promise<readonly string[]>
  putCredential(credential: StoredCredential): Promise<void>
  /** In place of one that is there still; false when it was removed meanwhile. */
  renewCredential(credential: StoredCredential): Promise<boolean>
  /** With the tokens of the gateway that rely on it. False when there was none. */
  removeCredential(owner: string, serverId: string): Promise<boolean>
  hasConsent(consent: Consent): Promise<boolean>
  addConsent(consent: Consent): Promise<void>
  /** Sealed; null when the gateway has not registered itself there. */
  findIssuerClient(serverId: string, issuer: string): Promise<string | null>
  putIssuerClient(serverId: string, issuer: string, sealed: string): Promise<void>
  /** Forgets grants that have ended, too. */
  addGrant(grant: TokenGrant): Promise<void>
  findGrant(accessHash: string): Promise<TokenGrant | null>
  /** Exchanges the tokens of a grant once; null when the refresh token is not, or no longer, one of this client and server. */
  rotateGrant(
    refreshHash: string,
    holder: Pick<TokenGrant, 'serverId' | 'client'>,
    next: NextTokens,
  ): Promise<TokenGrant | null>
  /** Everything of a server that is no more. */
  removeServer(serverId: string): Promise<void>
}
