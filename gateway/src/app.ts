import { type HealthDependencies, healthRoutes } from './admin/health/health-routes.ts'
import { type KeyRoutesDependencies, keyRoutes } from './admin/keys/key-routes.ts'
import { type ModelRoutesDependencies, modelRoutes } from './admin/model-routes.ts'
import { type OperationsDependencies, operationsRoutes } from './admin/operations-routes.ts'
import type { DialectId } from './conversation/dialect.ts'
import type { Operation } from './deployments/deployment.ts'
import { type DispatchDependencies, Dispatcher, type Endpoint } from './http/dispatch.ts'
import { type Method, type Route, Router } from './http/router.ts'
import type { Gateway } from './pipeline/gateway.ts'
import { handleRequest } from './pipeline/handle-request.ts'
import type { History } from './pipeline/history.ts'
import type { Protocol } from './protocols/protocol.ts'
import { protocolOf } from './protocols/protocols.ts'
import { type ResponseRoutesDependencies, responseRoutes } from './responses/response-routes.ts'

export interface AppDependencies {
  readonly gateway: Gateway
  /** The memory of clients of Responses. */
  readonly history: History
  readonly responses: ResponseRoutesDependencies
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
    handler: modelEndpoint(deps, operation, protocolOf(dialect)),
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
    model('POST', '/responses', 'chat', true, 'openai-responses'),
    model('POST', '/openai/v1/responses', 'chat', false, 'openai-responses'),
    model('POST', '/openai/responses', 'chat', false, 'openai-responses'),
    ...responseRoutes(deps.responses),
    model('POST', '/v1/messages', 'chat', true, 'anthropic-messages'),
    ...modelRoutes(deps.models),
    ...keyRoutes(deps.keys),
    ...healthRoutes(deps.health),
    ...operationsRoutes(deps.operations),
  ]
}

function modelEndpoint(
  { gateway, history }: Pick<AppDependencies, 'gateway' | 'history'>,
  operation: Operation,
  protocol: Protocol,
): Endpoint {
  const own = protocol.id === 'openai-responses' ? history : null
  return {
    errors: protocol.id,
    handle: (exchange, params) =>
      handleRequest(gateway, {
        exchange,
        operation,
        protocol,
        history: own,
        pathModel: params['model'] ?? null,
        pathStream: null,
      }),
  }
}

/** The composed product, ready to be given to a server. */
export function createApp(deps: AppDependencies): Dispatcher {
  const router = new Router(listRoutes(deps), { rootPath: deps.rootPath, bareAliases: deps.bareAliases })
  return new Dispatcher({ ...deps.dispatch, router })
}
