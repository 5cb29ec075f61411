import type { UpstreamFailure } from '../providers/failure.ts'

/** An answer that is not of the provider's own protocol: HTML, an empty body, half a JSON document. */
export function unreadableAnswer(what: string): UpstreamFailure {
  return {
    kind: 'server_error',
    status: 0,
    message: `The provider answered ${what}`,
    retryAfterMs: null,
    providerFields: null,
  }
}
