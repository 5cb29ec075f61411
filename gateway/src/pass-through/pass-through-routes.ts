import type { PassThroughEndpoint } from '../config/config.ts'
import type { DialectId } from '../conversation/dialect.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Method, Route } from '../http/router.ts'
import { handlePassThrough, type PassThroughDependencies } from './handle-pass-through.ts'
import { providerPrefixes } from './provider-prefixes.ts'

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Routes of raw pass-through: a prefix for each provider, and the operator's own endpoints as they were configured
 * at start. An endpoint whose path is a documented route gives way to it.
 */
export function passThroughRoutes(
  deps: PassThroughDependencies,
  endpoints: readonly PassThroughEndpoint[],
  documented: ReadonlySet<string>,
): Route<Endpoint>[] {
  const routes = providerPrefixes.flatMap(({ prefix, dialect }) =>
    routesOf(deps, { prefix, template: `${prefix}/{path+}`, dialect, isOpen: false }),
  )
  const taken = new Set(routes.map(({ method, template }) => `${method} ${template}`))
  const isFree = (route: Route<Endpoint>): boolean => {
    const name = `${route.method} ${route.template}`
    return !taken.has(name) && !documented.has(name)
  }
  for (const { path, includesSubpaths, isOpen } of endpoints) {
    const place = { prefix: path, dialect: 'openai-chat', isOpen } as const
    const own = routesOf(deps, { ...place, template: path }).filter(isFree)
    const below = includesSubpaths
      ? routesOf(deps, { ...place, template: `${path}/{path+}` }).filter(isFree)
      : []
    for (const route of [...own, ...below]) {
      taken.add(`${route.method} ${route.template}`)
      routes.push(route)
    }
  }
  return routes
}

interface Place {
  readonly prefix: string
  readonly template: string
  readonly dialect: DialectId
  readonly isOpen: boolean
}

function routesOf(
  deps: PassThroughDependencies,
  { prefix, template, dialect, isOpen }: Place,
): Route<Endpoint>[] {
  const auth = isOpen ? 'public' : 'user'
  const handler: Endpoint = {
    errors: dialect,
    handle: (exchange) => handlePassThrough(deps, exchange, prefix, auth),
  }
  return methods.map((method) => ({ method, template, auth, aliased: false, handler }))
}
