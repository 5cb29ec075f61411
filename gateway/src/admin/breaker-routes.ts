import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Breaker, Breakers } from '../balancing/breakers.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { DependencyChecks } from '../process/hub.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'

const root = '/api/v1/routeiq/breakers'
const longestSeconds = 7 * 86_400

export interface BreakerRoutesDependencies {
  readonly identity: Identity
  readonly breakers: Breakers
  readonly checkDependencies: () => Promise<DependencyChecks>
}

const openSchema = z.object({ duration_seconds: z.number().positive().max(longestSeconds).default(3_600) })

/** `/api/v1/routeiq/breakers`: what is left alone after failures or by hand, and the hand that moves it. */
export function breakerRoutes({
  identity,
  breakers,
  checkDependencies,
}: BreakerRoutesDependencies): Route<Endpoint>[] {
  const route = { auth: 'admin', aliased: false } as const
  const requireKnown = (isKnown: boolean, name: string): void => {
    if (!isKnown) throw new GatewayError('not_found', `There is no breaker ${name.slice(0, 256)} to move.`)
  }
  return [
    {
      ...route,
      method: 'GET',
      template: root,
      handler: controlEndpoint({
        identity,
        body: null,
        answer: async () => {
          const all = [...describeServices(await checkDependencies()), ...breakers.list().map(describe)]
          return {
            body: {
              ...{ breakers: all, count: all.length },
              is_degraded: all.some(({ state }) => state === 'open'),
            },
          }
        },
      }),
    },
    {
      ...route,
      method: 'POST',
      template: `${root}/{name}/open`,
      handler: controlEndpoint({
        identity,
        body: openSchema,
        answer: ({ params, body }) => {
          const name = params['name'] ?? ''
          requireKnown(breakers.open(name, body.duration_seconds * 1_000), name)
          return { body: { name, state: 'open', opens_for_seconds: body.duration_seconds } }
        },
      }),
    },
    {
      ...route,
      method: 'POST',
      template: `${root}/{name}/close`,
      handler: controlEndpoint({
        identity,
        body: z.object({}),
        answer: ({ params }) => {
          const name = params['name'] ?? ''
          requireKnown(breakers.close(name), name)
          return { body: { name, state: 'closed' } }
        },
      }),
    },
  ]
}

const describe = ({ name, state, opensForSeconds, reason }: Breaker) => ({
  ...{ name, state, opens_for_seconds: opensForSeconds, reason, can_be_moved: true },
})

/** What this gateway stands on closes by itself when it is back. */
function describeServices({ database, redis }: DependencyChecks) {
  const services = [
    ['database', database] as const,
    ...(redis === undefined ? [] : [['redis', redis] as const]),
  ]
  return services.map(([name, { status }]) => ({
    ...{ name, state: status === 'ok' ? ('closed' as const) : ('open' as const) },
    ...{ opens_for_seconds: null, reason: null, can_be_moved: false },
  }))
}
