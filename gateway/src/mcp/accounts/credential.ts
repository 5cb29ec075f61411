import type { Caller } from '../../identity/caller.ts'

/** Where tokens came from, so that they are renewed there and nowhere else. */
export interface TokenIssuer {
  /** Names the authorization server. */
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly authMethods: readonly string[] | null
  readonly clientId: string
  readonly clientSecret: string | null
  /** What the tokens are for (RFC 8707). */
  readonly resource: string
}

export interface TokenSet {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly scope: string | null
  /** Epoch milliseconds. */
  readonly obtainedAt: number
  /** Null where the server did not say. */
  readonly expiresAt: number | null
}

/** Somebody's account at a tool server. `signedInAt` names the sign-in, however often its tokens are renewed. */
export type Credential = {
  readonly signedInAt: number
  /** The origin of the server it was given for; it is sent to no other. */
  readonly origin: string
} & (
  | { readonly kind: 'entered'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'oauth'; readonly issuer: TokenIssuer; readonly tokens: TokenSet }
)

/** Whose accounts a caller uses: its user's, else those of the key. Null for callers without a key. */
export function ownerOf({ userId, keyHash }: Pick<Caller, 'userId' | 'keyHash'>): string | null {
  if (userId !== null) return `user:${userId}`
  return keyHash === null ? null : `key:${keyHash}`
}
