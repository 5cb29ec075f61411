import type { UpstreamRequest } from './transport.ts'

/** Authentication that cannot be written into a header list ahead of time. */
export type Authorization = TokenGrant | RequestSignature

/** A bearer token that expires. */
export interface TokenGrant {
  readonly kind: 'token'
  /** Identifies the credential without holding it; grants with the same value share one token, over reloads too. */
  readonly account: string
  /** The call that is answered with `{access_token, expires_in}` (RFC 6749 section 5.1). `now`: epoch milliseconds. */
  readonly createRequest: (now: number) => UpstreamRequest
}

/** A signature over the whole request. */
export interface RequestSignature {
  readonly kind: 'signature'
  /** All headers to send the request with. `now`: epoch milliseconds. */
  readonly sign: (request: UpstreamRequest, now: number) => Promise<readonly string[]>
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
