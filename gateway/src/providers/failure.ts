/**
 * What went wrong with one upstream attempt, in the terms the retry, cooldown and fallback rules use.
 * Providers produce it from an HTTP answer or a first stream event; the transport from a broken connection.
 */
export type FailureKind =
  | 'connection' // connect, DNS or TLS failure, reset before headers
  | 'timeout' // nothing before the deadline
  | 'request_timeout' // upstream 408
  | 'conflict' // upstream 409
  | 'rate_limit' // 429
  | 'quota_exhausted' // 402, or 429 with billing text
  | 'authentication' // 401
  | 'permission' // 403
  | 'not_found' // 404: the model or deployment is unknown upstream
  | 'context_window' // 400 in any known phrasing
  | 'content_policy' // 400 or 403 content policy
  | 'bad_request' // other 400, 413, 415
  | 'unprocessable' // 422
  | 'server_error' // 500, 502, 504, unreadable 200
  | 'unavailable' // 503, 529
  | 'response_too_large'

export interface UpstreamFailure {
  readonly kind: FailureKind
  /** The upstream status, or 0 when there was no HTTP answer. */
  readonly status: number
  /** Scrubbed and at most 2 KiB; for callers. */
  readonly message: string
  /** From `Retry-After`, milliseconds. */
  readonly retryAfterMs: number | null
  /** The provider's own error members worth passing on (`code`, `param`, `innererror`, …). */
  readonly providerFields: Readonly<Record<string, unknown>> | null
}
