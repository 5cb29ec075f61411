import { type A2aRoutesDependencies, a2aRoutes } from './a2a/a2a-routes.ts'
import { type AuditRoutesDependencies, auditRoutes } from './admin/audit-routes.ts'
import { type BreakerRoutesDependencies, breakerRoutes } from './admin/breaker-routes.ts'
import { type CacheDependencies, cacheRoutes } from './admin/cache-routes.ts'
import { activityRoutes } from './admin/governance/activity-routes.ts'
import { costEstimateRoute } from './admin/governance/cost-estimate.ts'
import { resetSpendRoute } from './admin/governance/reset-spend.ts'
import { spendReportRoute } from './admin/governance/spend-report.ts'
import { type SpendRoutesDependencies, spendRoutes } from './admin/governance/spend-routes.ts'
import { subjectRoutes } from './admin/governance/subject-routes.ts'
import { type HealthDependencies, healthRoutes } from './admin/health/health-routes.ts'
import { KeyAdministration } from './admin/keys/key-administration.ts'
import { type KeyRoutesDependencies, keyRoutes } from './admin/keys/key-routes.ts'
import { selfServiceRoutes } from './admin/keys/self-service-routes.ts'
import { type SuccessorDependencies, successorRoutes } from './admin/keys/successor-routes.ts'
import { type LitellmRoutesDependencies, litellmRoutes } from './admin/litellm-routes.ts'
import { credentialRoutes } from './admin/models/credential-routes.ts'
import { type ManagedModelDependencies, managedModelRoutes } from './admin/models/managed-model-routes.ts'
import { modelInfoRoutes } from './admin/models/model-info-routes.ts'
import { type ModelRoutesDependencies, modelRoutes } from './admin/models/model-routes.ts'
import { type OperationsDependencies, operationsRoutes } from './admin/operations-routes.ts'
import { type PluginStatusDependencies, pluginStatusRoutes } from './admin/plugin-routes.ts'
import { keyGovernanceRoutes } from './admin/rules/key-governance-routes.ts'
import type { RulesDependencies } from './admin/rules/rules-context.ts'
import { usagePolicyRoutes } from './admin/rules/usage-policy-routes.ts'
import { workspaceRoutes } from './admin/rules/workspace-routes.ts'
import { type StatusDependencies, statusRoutes } from './admin/status-routes.ts'
import { type TokenRoutesDependencies, tokenRoutes } from './admin/token-routes.ts'
import type { PassThroughEndpoint } from './config/config.ts'
import type { Operation } from './deployments/deployment.ts'
import type { EvidenceDependencies } from './evidence/api/evidence-dependencies.ts'
import { evidenceRoutes } from './evidence/api/evidence-routes.ts'
import { type DispatchDependencies, Dispatcher, type Endpoint } from './http/dispatch.ts'
import { type Method, type Route, Router } from './http/router.ts'
import { mcpRoutes } from './mcp/mcp-routes.ts'
import type { McpRoutesDependencies } from './mcp/rest/mcp-endpoint.ts'
import { passThroughRoutes } from './pass-through/pass-through-routes.ts'
import { countTokens } from './pipeline/count-tokens.ts'
import type { Gateway } from './pipeline/gateway.ts'
import { generateRoutes } from './pipeline/generate-routes.ts'
import { handleRequest } from './pipeline/handle-request.ts'
import type { History } from './pipeline/history.ts'
import { pluginRoutes } from './plugins/plugin-endpoints.ts'
import type { Protocol } from './protocols/protocol.ts'
import { protocolOf } from './protocols/protocols.ts'
import { type QuotaRoutesDependencies, quotaRoutes } from './quotas/quota-routes.ts'
import { type ResponseRoutesDependencies, responseRoutes } from './responses/response-routes.ts'
import { verifyRoute } from './rest/verify-route.ts'
import { activeStrategy } from './routing-api/list-strategies.ts'
import type { RoutingApiDependencies } from './routing-api/routing-api-dependencies.ts'
import { routingApiRoutes } from './routing-api/routing-api-routes.ts'
import type { SkillRouterRoutesDependencies } from './skill-router/endpoints/skill-router-dependencies.ts'
import { skillRouterRoutes } from './skill-router/endpoints/skill-router-routes.ts'
import type { SkillRelay } from './skills/accounts/relay-skills.ts'
import { type AgentRoutesDependencies, agentRoutes } from './skills/agents/agent-routes.ts'
import type { SkillRoutesDependencies } from './skills/api/skill-context.ts'
import { skillRoutes } from './skills/api/skill-routes.ts'
import { type BenchmarkRoutesDependencies, benchmarkRoutes } from './skills/benchmarks/benchmark-routes.ts'
import { type BundleRoutesDependencies, bundleRoutes } from './skills/bundles/bundle-routes.ts'
import { checkRoutes } from './skills/checks/check-routes.ts'
import { functionRoutes } from './skills/functions/function-routes.ts'
import { type InvocationDependencies, invokeSkill } from './skills/functions/invoke-skill.ts'
import { installRoutes } from './skills/install/install-routes.ts'
import { type MarketplaceDependencies, marketplaceRoutes } from './skills/marketplace/marketplace-routes.ts'
import { resourceReportRoute } from './skills/mcp/report-resources.ts'
import { registryRoutes } from './skills/registry/registry-routes.ts'
import { type WellKnownDependencies, wellKnownRoutes } from './skills/well-known/well-known-routes.ts'
import { skillWireRoutes } from './skills/wires/wire-routes.ts'

export interface AppDependencies {
  readonly gateway: Gateway
  /** The memory of clients of Responses. */
  readonly history: History
  readonly responses: ResponseRoutesDependencies
  readonly skills: SkillRoutesDependencies
  readonly registry: RegistryPlane
  readonly keys: KeyRoutesDependencies &
    SuccessorDependencies &
    Omit<SpendRoutesDependencies, 'administration'>
  /** Whether what was spent can be asked for. */
  readonly hasSpendReports: boolean
  readonly rules: Omit<RulesDependencies, 'administration'>
  readonly quotas: QuotaRoutesDependencies
  readonly models: ModelRoutesDependencies & ManagedModelDependencies
  readonly tokens: TokenRoutesDependencies
  readonly health: HealthDependencies
  readonly operations: OperationsDependencies
  readonly status: StatusDependencies
  readonly litellm: LitellmRoutesDependencies
  readonly cache: CacheDependencies
  readonly breakers: BreakerRoutesDependencies
  readonly plugins: PluginStatusDependencies
  readonly audit: AuditRoutesDependencies
  readonly evidence: EvidenceDependencies
  readonly invocations: InvocationDependencies
  readonly reportCodeExecution: () => Promise<object>
  readonly skillRelay: SkillRelay
  readonly wellKnown: WellKnownDependencies
  readonly marketplace: MarketplaceDependencies
  readonly a2a: A2aRoutesDependencies
  readonly mcp: McpRoutesDependencies
  readonly skillRouter: SkillRouterRoutesDependencies
  readonly routing: RoutingApiDependencies
  /** Those of the configuration at start. */
  readonly passThroughEndpoints: readonly PassThroughEndpoint[]
  readonly dispatch: Omit<DispatchDependencies, 'router'>
  readonly rootPath: string
  readonly bareAliases: boolean
}

/** The registry, and what agents are given from it. */
type RegistryPlane = BenchmarkRoutesDependencies & AgentRoutesDependencies & BundleRoutesDependencies

const mediaPaths: readonly (readonly [path: string, operation: Operation])[] = [
  ['/images/generations', 'image-generation'],
  ['/images/edits', 'image-edit'],
  ['/audio/transcriptions', 'transcription'],
  ['/audio/translations', 'translation'],
  ['/audio/speech', 'speech'],
  ['/moderations', 'moderation'],
  ['/rerank', 'rerank'],
]

/** Every route of every plane. Paths are as documented; the router adds their `/v1` twins. */
export function listRoutes(
  deps: Omit<AppDependencies, 'dispatch' | 'rootPath' | 'bareAliases'>,
): Route<Endpoint>[] {
  const model = (
    method: Method,
    template: string,
    operation: Operation,
    aliased = true,
  ): Route<Endpoint> => ({
    method,
    template,
    auth: 'user',
    aliased,
    handler: modelEndpoint(deps.gateway, operation, protocolOf('openai-chat')),
  })
  const routes = [
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
    ...mediaPaths.flatMap(([path, operation]) => [
      model('POST', path, operation),
      model('POST', `/openai/v1${path}`, operation, false),
      model('POST', `/openai/deployments/{model}${path}`, operation, false),
    ]),
    model('POST', '/v2/rerank', 'rerank', false),
    ...responsesRoutes(deps),
    ...messagesRoutes(deps.gateway),
    ...generateRoutes(deps.gateway),
    ...modelRoutes(deps.models),
    ...modelInfoRoutes(deps.models),
    ...managedModelRoutes(deps.models),
    ...credentialRoutes(deps.models),
    ...tokenRoutes(deps.tokens),
    ...keyRoutes(deps.keys),
    ...successorRoutes(deps.keys),
    ...selfServiceRoutes({ ...deps.keys, prices: deps.models.prices }),
    ...managementRoutes(deps),
    ...quotaRoutes(deps.quotas),
    ...healthRoutes(deps.health),
    ...operationsRoutes(deps.operations),
    ...statusRoutes(deps.status, () => activeStrategy(deps.routing)),
    ...cacheRoutes(deps.cache),
    ...breakerRoutes(deps.breakers),
    ...pluginStatusRoutes(deps.plugins),
    ...auditRoutes(deps.audit),
    ...evidenceRoutes(deps.evidence),
    ...skillRouterRoutes(deps.skillRouter),
    ...routingApiRoutes(deps.routing),
    ...mcpRoutes(deps.mcp),
    verifyRoute(deps.gateway.identity, deps.evidence.requireManifest),
    ...callableSkillRoutes(deps),
    ...skillRoutes(deps.skills),
    resourceReportRoute(deps.skills),
    ...wellKnownRoutes(deps.wellKnown),
    ...marketplaceRoutes(deps.marketplace),
    ...a2aRoutes(deps.a2a),
    ...registryRoutes(deps.registry),
    ...agentRoutes(deps.registry),
    ...bundleRoutes(deps.registry),
    ...benchmarkRoutes(deps.registry),
    ...checkRoutes(deps.registry),
    ...installRoutes(deps.registry),
  ]
  const all: Route<Endpoint>[] = [...routes, ...litellmRoutes(deps.litellm, () => whole)]
  const own = [...all, ...listPassThrough(deps, all)]
  const whole: Route<Endpoint>[] = [...own, ...pluginRoutes(deps.gateway.identity, namesOf(own))]
  return whole
}

function managementRoutes({
  keys,
  rules,
  hasSpendReports,
}: Pick<AppDependencies, 'keys' | 'rules' | 'hasSpendReports'>): Route<Endpoint>[] {
  const administration = new KeyAdministration(keys)
  const [all, ruled] = [
    { ...keys, administration },
    { ...rules, administration },
  ]
  const reports = hasSpendReports ? [...spendRoutes(all), spendReportRoute(all), ...activityRoutes(all)] : []
  return [
    ...[...subjectRoutes(all), ...reports, costEstimateRoute(all), resetSpendRoute(all)],
    ...[...workspaceRoutes(ruled), ...keyGovernanceRoutes(ruled), ...usagePolicyRoutes(ruled)],
  ]
}

function listPassThrough(
  {
    gateway,
    models,
    passThroughEndpoints,
  }: Pick<AppDependencies, 'gateway' | 'models' | 'passThroughEndpoints'>,
  routes: readonly Route<Endpoint>[],
): Route<Endpoint>[] {
  return passThroughRoutes({ gateway, prices: models.prices }, passThroughEndpoints, namesOf(routes))
}

/** Both names of a route with an alias are documented. */
function namesOf(routes: readonly Route<Endpoint>[]): ReadonlySet<string> {
  return new Set(
    routes.flatMap(({ method, template }) => [`${method} ${template}`, `${method} /v1${template}`]),
  )
}

function responsesRoutes({
  gateway,
  history,
  responses,
}: Pick<AppDependencies, 'gateway' | 'history' | 'responses'>): Route<Endpoint>[] {
  const protocol = protocolOf('openai-responses')
  const create = modelEndpoint(gateway, 'chat', protocol, handleRequest, history)
  const count = modelEndpoint(gateway, 'chat', protocol, countTokens, history)
  const roots = ['/responses', '/openai/v1/responses', '/openai/responses']
  return [
    ...roots.flatMap((root) => {
      const route = { method: 'POST', auth: 'user', aliased: root === '/responses' } as const
      return [
        { ...route, template: root, handler: create },
        { ...route, template: `${root}/input_tokens`, handler: count },
      ]
    }),
    ...responseRoutes(responses),
  ]
}

/** Skills as vendors' packages speak of them, and functions beside them: both are called at the same paths. */
function callableSkillRoutes({
  gateway,
  skills,
  skillRelay,
  invocations,
  reportCodeExecution,
}: Pick<
  AppDependencies,
  'gateway' | 'skills' | 'skillRelay' | 'invocations' | 'reportCodeExecution'
>): Route<Endpoint>[] {
  const { routes, shown } = skillWireRoutes({
    ...skills,
    relay: (request) => skillRelay.relay(request),
    invoke: (request) => invokeSkill(invocations, request),
  })
  const { identity } = gateway
  return [...functionRoutes({ invocations, identity, skill: shown.handler, reportCodeExecution }), ...routes]
}

function messagesRoutes(gateway: Gateway): Route<Endpoint>[] {
  const protocol = protocolOf('anthropic-messages')
  const route = { method: 'POST', auth: 'user' } as const
  return [
    { ...route, template: '/v1/messages', handler: modelEndpoint(gateway, 'chat', protocol) },
    {
      ...route,
      template: '/v1/messages/count_tokens',
      handler: modelEndpoint(gateway, 'chat', protocol, countTokens),
    },
  ]
}

function modelEndpoint(
  gateway: Gateway,
  operation: Operation,
  protocol: Protocol,
  handle: typeof handleRequest = handleRequest,
  history: History | null = null,
): Endpoint {
  return {
    errors: protocol.id,
    handle: (exchange, params) =>
      handle(gateway, {
        exchange,
        operation,
        protocol,
        history,
        pathModel: params['model'] ?? null,
        pathStream: null,
      }),
  }
}

/** The probes and health pages alone, for a port of their own. */
export function createHealthApp({
  health,
  dispatch,
  rootPath,
  bareAliases,
}: Pick<AppDependencies, 'health' | 'dispatch' | 'rootPath' | 'bareAliases'>): Dispatcher {
  return new Dispatcher({ ...dispatch, router: new Router(healthRoutes(health), { rootPath, bareAliases }) })
}

/** The composed product, ready to be given to a server. */
export function createApp(deps: AppDependencies): Dispatcher {
  const router = new Router(listRoutes(deps), { rootPath: deps.rootPath, bareAliases: deps.bareAliases })
  const { plugins } = deps.gateway.identity
  for (const { method, template } of router.routes) plugins?.tell('onRouteRegister', template, [method])
  return new Dispatcher({ ...deps.dispatch, router })
}
