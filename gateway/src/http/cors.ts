import type { IncomingMessage, ServerResponse } from 'node:http'

const exposed =
  'X-Request-ID, X-RouteIQ-Model, X-RouteIQ-Tier, X-RouteIQ-Strategy, x-routeiq-version, x-routeiq-cache, x-litellm-call-id, ' +
  'x-litellm-model-id, x-litellm-model-group, x-litellm-response-cost, x-litellm-version, X-RateLimit-Limit, ' +
  'X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After'

/** Cross-origin rules. Closed unless origins are configured; credentials never go with `*`; `null` never passes. */
export class CorsPolicy {
  readonly #any: boolean
  readonly #origins: ReadonlySet<string>
  readonly #credentials: boolean

  constructor(origins: readonly string[], credentials: boolean) {
    this.#any = origins.includes('*')
    this.#origins = new Set(origins)
    this.#credentials = credentials && !this.#any
  }

  /** Sets the response headers an allowed origin needs; true when the request was a preflight, now answered. */
  apply(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins.size === 0) return false
    const origin = request.headers.origin
    if (origin === undefined || origin === 'null' || !(this.#any || this.#origins.has(origin))) return false
    response.setHeader('access-control-allow-origin', this.#any ? '*' : origin)
    response.setHeader('vary', 'origin')
    response.setHeader('access-control-expose-headers', exposed)
    if (this.#credentials) response.setHeader('access-control-allow-credentials', 'true')
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return false
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
    response.setHeader(
      'access-control-allow-headers',
      request.headers['access-control-request-headers'] ?? '*',
    )
    response.setHeader('access-control-max-age', '600')
    response.writeHead(204)
    response.end()
    return true
  }
}
