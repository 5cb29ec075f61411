export type FailureKind =
  | 'timeout'
  | 'cancelled'
  | 'unreachable'
  | 'auth_required'
  /** The caller has no account there yet, or one that is of no use any more. */
  | 'sign_in'
  | 'blocked'
  | 'busy'
  /** The session is not known any more; the request was not looked at. */
  | 'session_lost'
  /** The server answered with an error of the protocol. */
  | 'rpc'
  /** The server answered something else than the protocol says. */
  | 'malformed'

/** Why a tool server could not do what it was asked. The message is fit for callers: no address, no secret. */
export class UpstreamFailure extends Error {
  readonly kind: FailureKind
  /** The error code of JSON-RPC. */
  readonly code: number
  readonly data: unknown

  constructor(kind: FailureKind, message: string, code = -32_603, data: unknown = undefined) {
    super(message)
    this.kind = kind
    this.code = code
    this.data = data
  }
}
