import { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../../conversation/dialect.ts'
import { listModels } from '../../deployments/list-models.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import { acceptQueryKey } from '../../http/query-key.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import type { PriceTable } from '../../pricing/price-table.ts'
import type { ModelListing, ModelLists } from '../../protocols/protocol.ts'
import { modelListsOf } from '../../protocols/protocols.ts'
import { selectDialect } from '../../protocols/select-dialect.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'

export interface ModelRoutesDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly prices: PriceTable
  /** Epoch milliseconds; models have no creation time of their own. */
  readonly startedAt: number
}

/** `GET /models` and `/models/{id}`: what the caller may name in a request, in the shape its dialect lists models. */
export function modelRoutes(deps: ModelRoutesDependencies): Route<Endpoint>[] {
  const list = (caller: Caller | null, expandWildcards: boolean): readonly ModelListing[] =>
    caller === null ? [] : listFor(deps, caller, expandWildcards)
  const shared = { identity: deps.identity, errors: dialectOf, body: null } as const
  const all = controlEndpoint({
    ...shared,
    answer: ({ exchange, caller, query }) => {
      const expands = query.get('return_wildcard_routes')?.toLowerCase() === 'true'
      return { body: listsOf(exchange).formatAll(list(caller, expands)) }
    },
  })
  const one = controlEndpoint({
    ...shared,
    answer: ({ exchange, caller, params }) => {
      const model = [...list(caller, false), ...list(caller, true)].find(({ id }) => id === params['id'])
      if (model !== undefined) return { body: listsOf(exchange).formatOne(model) }
      throw new GatewayError(
        'not_found',
        `The model \`${params['id']}\` does not exist or your key may not use it.`,
        { param: 'model' },
      )
    },
  })
  const google = { method: 'GET', auth: 'user', aliased: false } as const
  return [
    { method: 'GET', template: '/models', auth: 'user', handler: all },
    { method: 'GET', template: '/models/{id+}', auth: 'user', handler: one },
    { ...google, template: '/v1beta/models', handler: withQueryKey(all) },
    { ...google, template: '/v1beta/models/{id+}', handler: withQueryKey(one) },
  ]
}

/** Google's clients may send their key in the query. */
function withQueryKey(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    handle: (exchange, params, route) => {
      acceptQueryKey(exchange, queryOf(exchange.target))
      return endpoint.handle(exchange, params, route)
    },
  }
}

function dialectOf({ target, request }: Exchange): DialectId {
  return selectDialect(target, request.headers)
}

function listsOf(exchange: Exchange): ModelLists {
  return modelListsOf(dialectOf(exchange))
}

function listFor(
  { runtime, prices, startedAt }: ModelRoutesDependencies,
  caller: Caller,
  expandWildcards: boolean,
): readonly ModelListing[] {
  const { grants: key, layers, teamId, naming } = caller
  const request = { key, layers, teamId, agents: naming.agents, expandWildcards }
  return listModels(runtime().routing, request, prices).map((model) => ({ ...model, createdAt: startedAt }))
}
