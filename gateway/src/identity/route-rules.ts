import { GatewayError } from '@routeiq/contract'
import type { RouteRulesConfig } from '../config/config.ts'
import type { Caller } from './caller.ts'
import { coversRoute } from './route-grants.ts'

/** What the operator says of routes, whoever calls: documented templates, templates ending in `*`, and group names. */
export class RouteRules {
  readonly #config: RouteRulesConfig

  constructor(config: RouteRulesConfig) {
    this.#config = config
  }

  /** Whether a route that asks for a key answers without one, too. Those of admins never do. */
  isPublic(template: string): boolean {
    return isCovered(template, this.#config.publicRoutes)
  }

  /** Errors: 403 `permission_denied` for who is no admin. */
  require(caller: Caller, template: string): void {
    const { adminOnly, allowed } = this.#config
    if (caller.isAdmin) return
    if (isCovered(template, adminOnly)) throw refusal(template, 'admin_only_routes leaves it to admins')
    if (allowed.length > 0 && !isCovered(template, allowed) && !this.isPublic(template))
      throw refusal(template, 'it is none of allowed_routes')
  }
}

const isCovered = (template: string, routes: readonly string[]): boolean =>
  routes.some((route) => coversRoute(route, template))

const refusal = (template: string, reason: string): GatewayError =>
  new GatewayError('permission_denied', `${template} may not be called with this key: ${reason}.`)
