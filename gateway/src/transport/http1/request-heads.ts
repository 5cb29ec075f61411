import type { UpstreamRequest } from '../transport.ts'
import { carriesLength, encodeRequestHead } from './encode-request.ts'

interface KeptHead {
  readonly method: string
  readonly path: string
  readonly carriesLength: boolean
  readonly octets: Buffer
}

/**
 * Encoded request heads of one origin, kept by the identity of the header list. Only frozen lists are kept: a
 * list that can still change (a rotated credential) is encoded each time.
 */
export class RequestHeads {
  readonly #host: string
  readonly #kept = new WeakMap<readonly string[], KeptHead>()

  constructor(host: string) {
    this.#host = host
  }

  /** @throws UpstreamError `UPSTREAM_INVALID_REQUEST` */
  encode(request: UpstreamRequest): Buffer {
    const withLength = carriesLength(request)
    const kept = this.#kept.get(request.headers)
    if (
      kept !== undefined &&
      kept.path === request.path &&
      kept.method === request.method &&
      kept.carriesLength === withLength
    ) {
      return kept.octets
    }
    const octets = Buffer.from(encodeRequestHead(request, this.#host), 'latin1')
    if (Object.isFrozen(request.headers)) {
      this.#kept.set(request.headers, {
        method: request.method,
        path: request.path,
        carriesLength: withLength,
        octets,
      })
    }
    return octets
  }
}
