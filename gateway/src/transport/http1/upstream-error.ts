/** Codes of our own; errors of the system (`ECONNREFUSED`, `ENOTFOUND`, certificate codes, …) keep theirs. */
export type TransportErrorCode =
  | 'UPSTREAM_CONNECT_TIMEOUT' // no connection, TLS handshake included, in time
  | 'UPSTREAM_PROXY_REFUSED' // the proxy on the way opened no tunnel
  | 'UPSTREAM_CLOSED' // the connection ended before the answer was whole
  | 'UPSTREAM_PROTOCOL' // the answer is not acceptable HTTP/1.1
  | 'UPSTREAM_INVALID_REQUEST' // thrown by `send`: the request cannot be put on the wire safely
  | 'UPSTREAM_UPLOAD_FAILED' // the rest of the request's body did not arrive; the cause says why
  | 'UPSTREAM_SINK_FAILED' // `onHeaders` or `onData` threw; the cause says what
  | 'UPSTREAM_TRANSPORT_CLOSED' // sent after `close()`, or still running when its patience ended

/** Why an upstream call failed. `beforeHeaders` is false once the sink has received `onHeaders`. */
export class UpstreamError extends Error {
  readonly code: string
  beforeHeaders = true

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'UpstreamError'
    this.code = code
  }
}

export function transportError(code: TransportErrorCode, message: string, cause?: unknown): UpstreamError {
  return new UpstreamError(code, message, cause)
}

/** Keeps the code of a system error; of several failed addresses the first one speaks. */
export function fromSocketError(error: Error): UpstreamError {
  if (error instanceof UpstreamError) return error
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const source = first instanceof Error ? first : error
  const code = 'code' in source && typeof source.code === 'string' ? source.code : 'UPSTREAM_CLOSED'
  return new UpstreamError(code, source.message, error)
}
