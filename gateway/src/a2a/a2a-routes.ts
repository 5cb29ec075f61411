import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { A2aPlane } from './a2a-plane.ts'
import { agentRoutes } from './agents/agent-routes.ts'
import { parityAgentRoutes } from './agents/parity-routes.ts'
import { restBindingRoutes } from './calls/rest-routes.ts'
import { rpcEndpoint } from './calls/rpc-endpoint.ts'
import { cardRoutes } from './cards/card-routes.ts'
import type { PushDelivery } from './push/push-delivery.ts'
import { pushEndpoint } from './push/push-endpoint.ts'

export interface A2aRoutesDependencies {
  readonly plane: A2aPlane
  readonly delivery: PushDelivery
}

/** Agents of other servers: their registry, their cards, and calls in both bindings. */
export function a2aRoutes({ plane, delivery }: A2aRoutesDependencies): Route<Endpoint>[] {
  const call = (template: string, forced: 'send' | 'stream' | null): Route<Endpoint> => ({
    method: 'POST',
    template,
    auth: 'user',
    aliased: false,
    handler: rpcEndpoint(plane, forced),
  })
  return [
    ...agentRoutes(plane),
    ...parityAgentRoutes(plane),
    ...cardRoutes(plane),
    call('/a2a', null),
    call('/a2a/{id}', null),
    ...['', '/v1'].flatMap((root) => [
      call(`${root}/a2a/{id}/message/send`, 'send'),
      call(`${root}/a2a/{id}/message/stream`, 'stream'),
    ]),
    {
      method: 'POST',
      template: '/a2a/{id}/push/{token}',
      auth: 'public',
      aliased: false,
      handler: pushEndpoint(plane, delivery),
    },
    ...restBindingRoutes(plane),
  ]
}
