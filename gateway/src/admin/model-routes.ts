import { GatewayError } from '@routeiq/contract'
import { type ListedModel, listModels } from '../deployments/list-models.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Caller } from '../identity/caller.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import { controlEndpoint } from './control-endpoint.ts'

export interface ModelRoutesDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly prices: PriceTable
  /** Epoch milliseconds; models have no creation time of their own. */
  readonly startedAt: number
}

/** `GET /models` and `/models/{id}`: what the caller may name in a request, in OpenAI's shape. */
export function modelRoutes(deps: ModelRoutesDependencies): Route<Endpoint>[] {
  const created = Math.floor(deps.startedAt / 1000)
  const show = ({ id, provider }: ListedModel) => ({ id, object: 'model', created, owned_by: provider })
  const list = (caller: Caller | null, expandWildcards: boolean): readonly ListedModel[] =>
    caller === null
      ? []
      : listModels(
          deps.runtime().routing,
          { key: caller.grants, team: null, teamId: caller.teamId, expandWildcards },
          deps.prices,
        )
  return [
    {
      method: 'GET',
      template: '/models',
      auth: 'user',
      handler: controlEndpoint({
        identity: deps.identity,
        errors: 'openai-chat',
        body: null,
        answer: ({ caller, query }) => ({
          body: {
            object: 'list',
            data: list(caller, query.get('return_wildcard_routes')?.toLowerCase() === 'true').map(show),
          },
        }),
      }),
    },
    {
      method: 'GET',
      template: '/models/{id+}',
      auth: 'user',
      handler: controlEndpoint({
        identity: deps.identity,
        errors: 'openai-chat',
        body: null,
        answer: ({ caller, params }) => {
          const model = [...list(caller, false), ...list(caller, true)].find(({ id }) => id === params['id'])
          if (model !== undefined) return { body: show(model) }
          throw new GatewayError(
            'not_found',
            `The model \`${params['id']}\` does not exist or your key may not use it.`,
            { param: 'model' },
          )
        },
      }),
    },
  ]
}
