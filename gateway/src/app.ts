import { type HealthDependencies, healthRoutes } from './admin/health/health-routes.ts'
import { type KeyRoutesDependencies, keyRoutes } from './admin/keys/key-routes.ts'
import { type ModelRoutesDependencies, modelRoutes } from './admin/model-routes.ts'
import { type OperationsDependencies, operationsRoutes } from './admin/operations-routes.ts'
import type { DialectId } from './conversation/dialect.ts'
import type { Operation } from './deployments/deployment.ts'
import { type DispatchDependencies, Dispatcher, type Endpoint } from './http/dispatch.ts'
import { queryOf } from './http/path.ts'
import { acceptQueryKey } from './http/query-key.ts'
import { type Method, type Route, Router } from './http/router.ts'
import type { Gateway } from './pipeline/gateway.ts'
import { handleRequest } from './pipeline/handle-request.ts'
import {
  googleGenerateArrayProtocol,
  googleGenerateProtocol,
} from './protocols/google-generate/google-generate.ts'
import { readPathModel } from './protocols/google-generate/path-model.ts'
import type { Protocol } from './protocols/protocol.ts'
import { protocolOf } from './protocols/protocols.ts'

export interface AppDependencies {
  readonly gateway: Gateway
  readonly keys: KeyRoutesDependencies
  readonly models: ModelRoutesDependencies
  readonly health: HealthDependencies
  readonly operations: OperationsDependencies
  readonly dispatch: Omit<DispatchDependencies, 'router'>
  readonly rootPath: string
  readonly bareAliases: boolean
}

/** Every route of every plane. Paths are as documented; the router adds their `/v1` twins. */
export function listRoutes(
  deps: Omit<AppDependencies, 'dispatch' | 'rootPath' | 'bareAliases'>,
): Route<Endpoint>[] {
  const model = (
    method: Method,
    template: string,
    operation: Operation,
    aliased = true,
    dialect: DialectId = 'openai-chat',
  ): Route<Endpoint> => ({
    method,
    template,
    auth: 'user',
    aliased,
    handler: modelEndpoint(deps.gateway, operation, protocolOf(dialect)),
  })
  return [
    model('POST', '/chat/completions', 'chat'),
    model('POST', '/completions', 'completion'),
    model('POST', '/embeddings', 'embedding'),
    model('POST', '/engines/{model}/chat/completions', 'chat'),
    model('POST', '/engines/{model}/completions', 'completion'),
    model('POST', '/engines/{model}/embeddings', 'embedding'),
    model('POST', '/openai/v1/chat/completions', 'chat', false),
    model('POST', '/openai/deployments/{model}/chat/completions', 'chat', false),
    model('POST', '/openai/deployments/{model}/completions', 'completion', false),
    model('POST', '/openai/deployments/{model}/embeddings', 'embedding', false),
    model('POST', '/v1/messages', 'chat', true, 'anthropic-messages'),
    ...generateRoutes(deps.gateway),
    ...modelRoutes(deps.models),
    ...keyRoutes(deps.keys),
    ...healthRoutes(deps.health),
    ...operationsRoutes(deps.operations),
  ]
}

function modelEndpoint(gateway: Gateway, operation: Operation, protocol: Protocol): Endpoint {
  return {
    errors: protocol.id,
    handle: (exchange, params) =>
      handleRequest(gateway, {
        exchange,
        operation,
        protocol,
        pathModel: params['model'] ?? null,
        pathStream: null,
      }),
  }
}

/** Where Google's clients look for a model; the bare path answers under `/v1` too. */
const generatePlaces = [
  '/models/{model+}',
  '/tunedModels/{tunedModel+}',
  '/publishers/google/models/{model+}',
  '/v1beta/models/{model+}',
  '/v1beta/tunedModels/{tunedModel+}',
  '/v1beta/publishers/google/models/{model+}',
]

function generateRoutes(gateway: Gateway): Route<Endpoint>[] {
  return generatePlaces.flatMap((place) => [
    generateRoute(gateway, `${place}:generateContent`, false),
    generateRoute(gateway, `${place}:streamGenerateContent`, true),
  ])
}

function generateRoute(gateway: Gateway, template: string, pathStream: boolean): Route<Endpoint> {
  const handle: Endpoint['handle'] = (exchange, params) => {
    const query = queryOf(exchange.target)
    acceptQueryKey(exchange, query)
    const { model, tunedModel } = params
    return handleRequest(gateway, {
      exchange,
      operation: 'chat',
      protocol: query.get('alt') === 'sse' ? googleGenerateProtocol : googleGenerateArrayProtocol,
      pathModel: model === undefined ? `tunedModels/${tunedModel}` : readPathModel(model),
      pathStream,
    })
  }
  const aliased = !template.startsWith('/v1beta/')
  return { method: 'POST', template, auth: 'user', aliased, handler: { errors: 'google-generate', handle } }
}

/** The composed product, ready to be given to a server. */
export function createApp(deps: AppDependencies): Dispatcher {
  const router = new Router(listRoutes(deps), { rootPath: deps.rootPath, bareAliases: deps.bareAliases })
  return new Dispatcher({ ...deps.dispatch, router })
}
