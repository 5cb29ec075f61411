import type { UpstreamRequest } from './transport.ts'

/** Authentication that cannot be written into a header list ahead of time. */
export type Authorization = TokenGrant | RequestSignature

/** A bearer token that expires, or another credential as text. */
export interface TokenGrant {
  readonly kind: 'token'
  /** Identifies the credential without holding it; grants with the same value share one token, over reloads too. */
  readonly account: string
  /** What leads to the token, in order: each is given the result of the one before, the first empty text. */
  readonly steps: readonly [GrantStep, ...GrantStep[]]
}

export type GrantStep = FileStep | CallStep

/** Reads a file anew, for one that another program keeps fresh. */
interface FileStep {
  readonly kind: 'file'
  /** May begin with `~/`. */
  readonly path: string
  /** Errors: throws an Error that tells what the file lacks. */
  readonly read: (content: string) => string
}

/** Asks an endpoint. */
export interface CallStep {
  readonly kind: 'call'
  /** `now`: epoch milliseconds. */
  readonly createRequest: (now: number, before: string) => UpstreamRequest | Promise<UpstreamRequest>
  /** The answer's token, null when there is none. Without it `{access_token, expires_in}` (RFC 6749 section 5.1) is read. */
  readonly read?: (body: string, now: number) => AccessToken | null
}

export interface AccessToken {
  readonly token: string
  readonly lifetimeMs: number
}

/** A signature over the whole request. */
export interface RequestSignature {
  readonly kind: 'signature'
  /** What it is signed with, where that expires. */
  readonly grant: TokenGrant | null
  /** All headers to send the request with. `now`: epoch milliseconds; `token` is the grant's, empty without one. */
  readonly sign: (request: UpstreamRequest, now: number, token: string) => Promise<readonly string[]>
}

/** No token could be had, so the request was not sent. */
export class AuthorizationError extends Error {
  /** What the token endpoint answered, 0 when it could not be reached. */
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
}
