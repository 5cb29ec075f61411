import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { bodyEndpoint } from './body-endpoint.ts'
import { embedderRoutes } from './embedder-endpoints.ts'
import { healthEndpoint } from './health-endpoint.ts'
import { menuEndpoint } from './menu-endpoint.ts'
import { reembedEndpoint } from './reembed-endpoint.ts'
import { routeEndpoint } from './route-endpoint.ts'
import type { SkillRouterRoutesDependencies } from './skill-router-dependencies.ts'
import { snapshotEndpoint } from './snapshot-endpoint.ts'

/** The calls an agent makes while somebody waits. */
export function skillRouterRoutes(deps: SkillRouterRoutesDependencies): Route<Endpoint>[] {
  const route = { auth: 'user', aliased: false } as const
  return [
    { ...route, method: 'GET', template: '/api/v1/skills/menu', handler: menuEndpoint(deps) },
    { ...route, method: 'POST', template: '/api/v1/skills/route', handler: routeEndpoint(deps) },
    { ...route, method: 'POST', template: '/api/v1/skills/reembed', handler: reembedEndpoint(deps) },
    { ...route, method: 'GET', template: '/api/v1/skills/snapshot', handler: snapshotEndpoint(deps) },
    { ...route, method: 'GET', template: '/api/v1/skills/{skill+}/body', handler: bodyEndpoint(deps) },
    { ...route, method: 'GET', template: '/api/v1/router/health', handler: healthEndpoint(deps) },
    ...embedderRoutes(deps),
  ]
}
