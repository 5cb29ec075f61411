import { headLine } from './server/head-line.ts'
import type { ServerRequest } from './server/server-request.ts'
import type { ServerResponse } from './server/server-response.ts'

const exposed =
  'X-Request-ID, X-RouteIQ-Model, X-RouteIQ-Tier, X-RouteIQ-Strategy, x-routeiq-version, x-routeiq-cache, x-litellm-call-id, ' +
  'x-litellm-model-id, x-litellm-model-group, x-litellm-response-cost, x-litellm-version, X-RateLimit-Limit, ' +
  'X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, x-routeiq-routing-id, ' +
  [
    'mode',
    'offered',
    'offered-count',
    'selected',
    'loaded',
    'upstream-calls',
    'degraded',
    'skipped',
    'dropped',
    'account',
  ]
    .map((name) => `x-routeiq-skills-${name}`)
    .join(', ')

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
  apply(request: ServerRequest, response: ServerResponse): boolean {
    if (this.#origins.size === 0) return false
    const origin = request.headers['origin']
    if (origin === undefined || origin === 'null' || !(this.#any || this.#origins.has(origin))) return false
    response.extraLines =
      headLine('access-control-allow-origin', this.#any ? '*' : origin) +
      headLine('vary', 'origin') +
      headLine('access-control-expose-headers', exposed) +
      (this.#credentials ? headLine('access-control-allow-credentials', 'true') : '')
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return false
    sendPreflight(request, response, 'GET, POST, PUT, PATCH, DELETE')
    return true
  }
}

/** Lets pages of any site read an answer that holds nothing of its reader, unless origins are configured already. */
export function openToPages(response: ServerResponse): void {
  if (response.extraLines !== '') return
  response.extraLines =
    headLine('access-control-allow-origin', '*') +
    headLine('access-control-expose-headers', `ETag, ${exposed}`)
}

/** Answers what a browser asks before it sends a request with headers of its own. */
export function sendPreflight(request: ServerRequest, response: ServerResponse, methods: string): void {
  const wanted = request.headers['access-control-request-headers'] ?? '*'
  const lines =
    headLine('access-control-allow-methods', methods) +
    headLine('access-control-allow-headers', wanted) +
    headLine('access-control-max-age', '600')
  response.send(204, lines, Buffer.alloc(0))
}
