import { GatewayError } from '@routeiq/contract'
import type { RequestTrace } from '../telemetry/spans/request-trace.ts'
import type { AdmissionGate } from './admission-gate.ts'
import { type CorsPolicy, openToPages, sendPreflight } from './cors.ts'
import { Exchange } from './exchange.ts'
import type { CapturedAnswer, InProcessExchange } from './in-process-exchange.ts'
import { ClientGone } from './read-body.ts'
import type { Route, Router } from './router.ts'
import { type ErrorSurface, sendError, toGatewayError } from './send-error.ts'
import { checkHead } from './server/check-head.ts'
import type { ServerRequest } from './server/server-request.ts'
import type { ServerResponse } from './server/server-response.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** Answers one request of its route. Throws GatewayError to refuse it in the route's error form. */
export interface Endpoint {
  /** A function where the path alone does not tell the caller's dialect. */
  readonly errors: ErrorSurface | ((exchange: Exchange) => ErrorSurface)
  /** Pages of any site may ask for it, with what headers they like, where no cross-origin rules are configured. */
  readonly isOpenToPages?: boolean
  handle(
    exchange: Exchange,
    params: Readonly<Record<string, string>>,
    route: Route<Endpoint>,
  ): void | Promise<void>
}

export interface DispatchDependencies {
  readonly router: Router<Endpoint>
  readonly gate: AdmissionGate
  /** Null where the gateway hears its clients itself. */
  readonly proxies: TrustedProxies | null
  readonly cors: CorsPolicy
  /** Judges requests of public routes; all others are judged once it is known who calls. Throws to refuse. */
  readonly admitPublic: (exchange: Exchange) => Promise<void> | null
  /** Sees every request that a route takes; null where nobody wants to. */
  readonly watch: ((exchange: Exchange) => void) | null
  readonly codeStyle: () => 'symbolic' | 'litellm'
  /** Begins the trace of a request by its `traceparent`; null where nothing is traced. */
  readonly beginTrace: ((traceparent: string | null) => RequestTrace | null) | null
  /** Whether requests of a route are traced; null where those of all routes are. */
  readonly tracesRoute: ((route: Route<Endpoint>) => boolean) | null
  /** Hears of every request that ended in an error of the gateway itself. */
  readonly onUnexpectedError: (exchange: Exchange, error: unknown) => void
}

const ownError = ['x-routeiq-error-origin', 'gateway'] as const

/** What a path without a route is answered, also by routes that are switched off. */
export function sendNoRoute(exchange: Exchange): void {
  const error = { message: 'Not Found', type: 'not_found_error', param: null, code: '404' }
  exchange.sendJson(404, { detail: 'Not Found', ...frameOf(exchange, 'not_found', { error }) }, ownError)
}

function sendNoMethod(exchange: Exchange, allow: readonly string[]): void {
  const frame = frameOf(exchange, 'method_not_allowed', {})
  exchange.sendJson(405, { detail: 'Method Not Allowed', ...frame }, [...ownError, 'allow', allow.join(', ')])
}

/** Clients of `/api/v1` read a code and the request's id beside `detail`, those of other paths `otherwise`. */
function frameOf(exchange: Exchange, code: string, otherwise: object): object {
  return exchange.target.startsWith('/api/v1/') ? { code, request_id: exchange.requestId } : otherwise
}

/**
 * The way in, the same for every plane: CORS, head limits, backpressure, routing. A request holds its slot until
 * its response is closed, streams included.
 */
export class Dispatcher {
  readonly #deps: DispatchDependencies

  constructor(deps: DispatchDependencies) {
    this.#deps = deps
  }

  readonly listen = (request: ServerRequest, response: ServerResponse): void => {
    this.#deps.proxies?.apply(request)
    const exchange = new Exchange(request, response)
    if (this.#deps.cors.apply(request, response)) return
    this.#trace(exchange)
    const refusal = checkHead(request.head) ?? this.#enter(exchange)
    if (refusal === null) this.#route(exchange)
    else this.#refuse(exchange, refusal)
  }

  /** Answers a request of the gateway's own, which takes no slot. */
  ask(exchange: InProcessExchange): Promise<CapturedAnswer> {
    this.#route(exchange)
    return exchange.answer
  }

  /** Takes a slot, or says why not. */
  #enter(exchange: Exchange): GatewayError | null {
    const { gate } = this.#deps
    const query = exchange.target.indexOf('?')
    const path = query === -1 ? exchange.target : exchange.target.slice(0, query)
    if (gate.isExcluded(path)) return null
    try {
      gate.enter()
    } catch (error) {
      return toGatewayError(error)
    }
    const { onClosed } = exchange
    exchange.onClosed =
      onClosed === null
        ? gate.leave
        : () => {
            gate.leave()
            onClosed()
          }
    return null
  }

  #trace(exchange: Exchange): void {
    const trace = this.#deps.beginTrace?.(exchange.header('traceparent')) ?? null
    if (trace === null) return
    exchange.trace = trace
    exchange.onClosed = () => {
      if (exchange.trace === null) return
      const { method } = exchange.request
      const { status } = exchange.response
      const attributes = {
        'http.request.method': method,
        'http.route': exchange.template,
        'http.response.status_code': status === 0 ? null : status,
        'routeiq.request_id': exchange.requestId,
      }
      trace.end(`${method} ${exchange.template}`, attributes, status >= 500 ? `status ${status}` : null)
    }
  }

  /** Refused before anything was read: say so cheaply. */
  #refuse(exchange: Exchange, error: GatewayError): void {
    if (error.code === 'draining') exchange.response.closeConnection = true
    const surface = error.code === 'draining' || error.code === 'over_capacity' ? 'unwrapped' : 'openai-chat'
    sendError(exchange, surface, error, this.#deps.codeStyle())
  }

  #route(exchange: Exchange): void {
    const found = this.#deps.router.find(exchange.request.method, exchange.target)
    if (found === null) {
      sendNoRoute(exchange)
      return
    }
    if (found.route === null) {
      if (!this.#answersPreflight(exchange)) sendNoMethod(exchange, found.allow)
      return
    }
    exchange.template = found.route.template
    if (this.#deps.tracesRoute?.(found.route) === false) exchange.trace = null
    this.#deps.watch?.(exchange)
    this.#run(exchange, found.route, found.params)
  }

  #answersPreflight({ request, response, target }: Exchange): boolean {
    const wanted = request.headers['access-control-request-method']
    if (request.method !== 'OPTIONS' || wanted === undefined) return false
    const route = this.#deps.router.find(wanted, target)?.route
    if (route?.handler.isOpenToPages !== true) return false
    openToPages(response)
    sendPreflight(request, response, route.method)
    return true
  }

  #run(exchange: Exchange, route: Route<Endpoint>, params: Readonly<Record<string, string>>): void {
    try {
      const admitting = route.auth === 'public' ? this.#deps.admitPublic(exchange) : null
      const answering =
        admitting === null
          ? route.handler.handle(exchange, params, route)
          : admitting.then(() => route.handler.handle(exchange, params, route))
      answering?.catch((error: unknown) => this.#fail(exchange, route, error))
    } catch (error) {
      this.#fail(exchange, route, error)
    }
  }

  #fail(exchange: Exchange, route: Route<Endpoint>, error: unknown): void {
    if (error instanceof ClientGone) return
    const refusal = toGatewayError(error)
    if (!(error instanceof GatewayError)) this.#deps.onUnexpectedError(exchange, error)
    const { errors } = route.handler
    const surface = typeof errors === 'function' ? errors(exchange) : errors
    sendError(exchange, surface, refusal, this.#deps.codeStyle())
  }
}
