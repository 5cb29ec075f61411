import type { UpstreamFailure } from '../providers/failure.ts'
import { AuthorizationError } from '../transport/authorization.ts'

const descriptions: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset',
  EPIPE: 'Connection reset',
  ENOTFOUND: 'The host name does not resolve',
  EAI_AGAIN: 'The host name could not be resolved right now',
  ETIMEDOUT: 'The connection timed out',
  EHOSTUNREACH: 'The host is unreachable',
  ENETUNREACH: 'The network is unreachable',
}

/** A broken connection in the gateway's terms; says what happened without naming addresses. */
export function transportFailure(error: Error & { code?: unknown; cause?: unknown }): UpstreamFailure {
  if (error instanceof AuthorizationError) return authorizationFailure(error)
  const code = codeOf(error) ?? codeOf(error.cause)
  const known = code === null ? undefined : descriptions[code]
  const certificate = code !== null && /CERT|TLS|SSL/.test(code) ? `TLS failure (${code})` : undefined
  const timedOut = code?.includes('TIMEOUT') === true
  return {
    kind: 'connection',
    status: 0,
    message:
      known ??
      certificate ??
      (timedOut ? 'The connection timed out' : 'The connection broke before the answer was complete'),
    retryAfterMs: null,
    providerFields: null,
  }
}

/** A token endpoint that refuses does so again, wherever else the request is tried with that account. */
function authorizationFailure({ status, message }: AuthorizationError): UpstreamFailure {
  const isRefused = status >= 400 && status < 500 && status !== 429
  const kind = status === 0 ? 'connection' : isRefused ? 'authentication' : 'unavailable'
  return { kind, status, message, retryAfterMs: null, providerFields: null }
}

function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
