import type { AppDependencies } from '../app.ts'
import { operationOf } from '../audit/operations.ts'
import { Breakers } from '../balancing/breakers.ts'
import type { AdmissionGate } from '../http/admission-gate.ts'
import { CorsPolicy } from '../http/cors.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import { TrustedProxies } from '../http/trusted-proxies.ts'
import type { ChangedSubject } from '../identity/authenticator.ts'
import type { ManagedModels } from '../managed-models/managed-models.ts'
import type { McpPlane } from '../mcp/mcp-plane.ts'
import type { AnswerJudge } from '../model-routing/judging/answer-judge.ts'
import type { RoutingSettings } from '../model-routing/settings/routing-settings.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { ResponseContent } from '../responses/response-content.ts'
import { ResponseHistory } from '../responses/response-history.ts'
import { ResponseIds } from '../responses/response-id.ts'
import { IdempotentAnswers } from '../rest/idempotency.ts'
import type { SkillRelay } from '../skills/accounts/relay-skills.ts'
import { countJudgeCalls } from '../skills/benchmarks/count-judge-calls.ts'
import { createModelCalls } from '../skills/benchmarks/model-calls.ts'
import type { FunctionSkills } from '../skills/functions/function-skills.ts'
import { limitSkills } from '../skills/limit-skills.ts'
import { Marketplace } from '../skills/marketplace/marketplace.ts'
import type { NamespaceSandbox } from '../skills/sandbox/namespace-sandbox.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import { readInstructions } from '../skills/wires/read-instructions.ts'
import { SkillWriter } from '../skills/write/skill-writer.ts'
import { formatPrometheus } from '../telemetry/metrics/format-prometheus.ts'
import type { OpenA2a } from './a2a.ts'
import type { OpenedAnswerCache } from './answer-cache.ts'
import { auditSigner } from './audit.ts'
import { isOpen, secretOf } from './compose-gateway.ts'
import type { Evidence } from './evidence.ts'
import type { Governance } from './governance.ts'
import type { Hub } from './hub.ts'
import { createKeyRing, hasKeyForSecrets } from './key-ring.ts'
import type { ModelRouting } from './model-routing.ts'
import type { OpenPlugins } from './plugins.ts'
import { isProbe } from './probes.ts'
import { reloadForCaller } from './reload.ts'
import type { ServeOptions } from './serve-options.ts'
import { openSkillDiscovery } from './skill-discovery.ts'
import { recordInvocation } from './skill-invocations.ts'
import { type SkillRouting, selectSkills } from './skill-router.ts'

/** What every process of a gateway learns of the others' changes. */
export interface SharedParts {
  readonly governance: Governance
  readonly a2a: OpenA2a
  readonly functions: FunctionSkills
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
  readonly onSubjectsChanged: (changed: readonly ChangedSubject[]) => void
  readonly quotas: Quotas
  readonly onQuotasChanged: () => Promise<void>
  readonly evidence: Evidence
  readonly skillRouting: SkillRouting
  readonly modelRouting: ModelRouting
  readonly judge: AnswerJudge
  readonly skillRelay: SkillRelay
  readonly sandbox: NamespaceSandbox
  readonly mcp: McpPlane
  readonly answerCache: Omit<OpenedAnswerCache, 'close'>
  readonly managed: ManagedModels
  readonly routingSettings: RoutingSettings
  readonly plugins: OpenPlugins
}

/** What the routes of the application need, from the parts of the process. */
export function composeApp(
  options: ServeOptions,
  gateway: Gateway,
  gate: AdmissionGate,
  {
    a2a,
    governance,
    onKeysChanged,
    onSubjectsChanged,
    quotas,
    onQuotasChanged,
    functions,
    evidence,
    skillRouting,
    modelRouting,
    judge,
    skillRelay,
    sandbox,
    mcp,
    answerCache,
    managed,
    routingSettings,
    plugins,
  }: SharedParts,
): AppDependencies {
  const { configuration, prices, hub, telemetry, collectMetrics, now } = options
  const { identity, runtime } = gateway
  const { server, identity: identityConfig } = runtime().config
  const skills = composeSkills(hub, gateway, quotas)
  const breakers = createBreakers(options)
  const kept = {
    store: hub.responses,
    content: new ResponseContent(createKeyRing(identityConfig), hasKeyForSecrets(identityConfig)),
    ids: new ResponseIds(secretOf(identityConfig)),
  }
  return {
    gateway,
    a2a,
    invocations: {
      functions,
      readInstructions: (workspaceId, name, version) =>
        readInstructions(hub.skills, workspaceId, name, version),
      record: (invocation) => recordInvocation(telemetry, identity.audit, invocation),
      now: () => performance.now(),
    },
    reportCodeExecution: () =>
      runtime().config.skills.runsCode ? sandbox.report() : Promise.resolve({ status: 'off' }),
    skillRelay,
    marketplace: composeMarketplace(hub, gateway),
    wellKnown: openSkillDiscovery({ hub, identity, telemetry, config: () => runtime().config, now }),
    history: new ResponseHistory({
      ...kept,
      onLost: (requestId, error) =>
        telemetry.logger.log('warn', 'response_not_kept', {
          request_id: requestId,
          reason: error instanceof Error ? error.message : String(error),
        }),
      now,
    }),
    responses: { ...kept, identity, runtime, transport: gateway.transport },
    skills,
    registry: composeRegistry(hub, gateway, skills, quotas, skillRouting.router),
    keys: {
      identity,
      keys: hub.keys,
      subjects: hub.subjects,
      totals: hub.totals,
      spend: hub.spend,
      keyRing: createKeyRing(identityConfig),
      runtime,
      settings: () => runtime().config.governance,
      groups: () => runtime().routing.groups,
      quotas,
      keyPrefix: identityConfig.keyPrefix,
      production: identityConfig.environment === 'production',
      now,
      onKeysChanged,
      onSubjectsChanged,
    },
    hasSpendReports: runtime().config.governance.hasSpendReports,
    rules: {
      identity,
      keys: hub.keys,
      subjects: hub.subjects,
      uses: hub.uses,
      counters: governance.counters,
      onKeysChanged,
      onSubjectsChanged,
      onPoliciesChanged: governance.refreshPolicies,
      usagePoliciesOn: () => runtime().config.governance.hasUsagePolicies,
      timezone: () => runtime().config.governance.timezone,
      keyCacheTtlMs: identityConfig.keyCacheTtlMs,
      now,
    },
    quotas: { identity, quotas, store: hub.quotas, onChange: onQuotasChanged, now },
    models: { identity, runtime, prices, managed, startedAt: now(), now },
    passThroughEndpoints: runtime().config.passThrough.endpoints,
    tokens: { identity, runtime, tokens: gateway.tokens },
    health: {
      identity,
      runtime,
      transport: gateway.transport,
      gate,
      checkDependencies: () => hub.health.check(),
      open: isOpen(runtime().config),
      breakers,
      providers: configuration.states.providers,
      bundleProblem: () => modelRouting.bundles.problem,
      now,
    },
    cache: { ...answerCache, identity, runtime },
    litellm: { identity, runtime, checkDependencies: () => hub.health.check() },
    breakers: {
      identity,
      breakers,
      checkDependencies: () => hub.health.check(),
    },
    plugins: { identity, builtIn: runtime().config.plugins.builtIn, absent: plugins.absent },
    audit: { identity, store: hub.audit, signer: auditSigner(identityConfig) },
    status: {
      identity,
      runtime,
      checkDependencies: () => hub.health.check(),
      startedAt: now(),
      now,
    },
    operations: {
      identity,
      runtime,
      history: () => configuration.history,
      syncState: () => hub.configSync.state(),
      isLeader: () => hub.configSync.isLeader(),
      collectMetrics: async () => {
        telemetry.queue.flush()
        return formatPrometheus(await collectMetrics())
      },
    },
    evidence: {
      ...evidence.routes,
      ...{ identity, quotas, idempotent: new IdempotentAnswers(hub.state) },
      judgeCalls: (workspaceId, caller) =>
        countJudgeCalls(createModelCalls(gateway, caller), quotas, { workspaceId, keyHash: caller.keyHash }),
    },
    mcp: { identity, mcp },
    skillRouter: {
      ...skillRouting,
      identity,
      admitRouteCall: (workspaceId, { keyHash }) => quotas.admitRouteCall({ workspaceId, keyHash }),
      requireOwnEmbedder: (workspaceId, { keyHash }) =>
        quotas.requireFeature({ workspaceId, keyHash }, 'byo_embedder'),
      idempotent: new IdempotentAnswers(hub.state),
      captureContent: () => runtime().config.skillRouter.captureContent,
      now,
    },
    routing: {
      ...modelRouting,
      judge,
      gateway,
      limits: hub.state,
      reload: () => reloadForCaller(options),
      fetchConfiguration: () => hub.configSync.fetch(),
      settings: routingSettings,
      hotReload: runtime().config.server.watchFiles,
    },
    dispatch: {
      gate,
      proxies: server.trustedProxies.length === 0 ? null : new TrustedProxies(server.trustedProxies),
      cors: new CorsPolicy(server.corsOrigins, server.corsCredentials),
      codeStyle: () => runtime().config.requests.errorCodeStyle,
      admitPublic: (exchange) => {
        identity.policies.admit(null, exchange)
        return isProbe(exchange) ? null : (identity.plugins?.admit(exchange) ?? null)
      },
      watch: null,
      beginTrace: telemetry.tracing?.begin ?? null,
      tracesRoute: runtime().config.telemetry.tracing.includesManagement ? null : isNoManagement,
      onUnexpectedError: (exchange, error) =>
        telemetry.logger.logError({ error, requestId: exchange.requestId }),
    },
    rootPath: server.rootPath,
    bareAliases: server.bareAliases,
  }
}

const isNoManagement = ({ method, template }: Pick<Route<Endpoint>, 'method' | 'template'>): boolean =>
  operationOf(method, template) === null

function createBreakers({ configuration, now }: ServeOptions): Breakers {
  const deployments = () => configuration.runtime.routing.byDeploymentId.values()
  return new Breakers({ deployments, states: configuration.states, now })
}

function composeMarketplace(
  { plugins, registry }: Hub,
  { identity, runtime }: Gateway,
): AppDependencies['marketplace'] {
  const settings = () => runtime().config.skills.marketplace
  const marketplace = new Marketplace({ plugins, registry, settings, now: () => performance.now() })
  return { identity, plugins, marketplace, isEnabled: () => settings().isEnabled }
}

function composeSkills(
  { skills, agents, state }: Hub,
  gateway: Gateway,
  quotas: Quotas,
): AppDependencies['skills'] {
  const { identity, runtime } = gateway
  const settings = () => runtime().config.skills
  const store = limitSkills(skills, quotas)
  return {
    identity,
    store,
    writer: createSkillWriter(store, gateway),
    settings,
    idempotent: new IdempotentAnswers(state),
    placing: { agents, quotas },
  }
}

function composeRegistry(
  { registry, agents, bundles, benchmarks }: Hub,
  gateway: Gateway,
  { store, writer, settings }: AppDependencies['skills'],
  quotas: Quotas,
  router: SkillRouting['router'],
): AppDependencies['registry'] {
  const { identity } = gateway
  return {
    ...{ identity, registry, agents, bundles, benchmarks, skills: store, writer, settings, quotas },
    publicRead: settings().isRegistryPublic,
    modelCalls: (caller) => createModelCalls(gateway, caller),
    selectSkills: (workspaceId, request) => selectSkills(router, workspaceId, request),
  }
}

/** Writes skills as the policy of the configuration says. */
export function createSkillWriter(store: SkillStore, { runtime, now }: Gateway): SkillWriter {
  return new SkillWriter({ store, policy: () => runtime().config.skills.scan, now })
}
