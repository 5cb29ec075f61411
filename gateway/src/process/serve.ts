import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { GatewayError } from '@routeiq/contract'
import type { AnswerCache } from '../answer-cache/answer-cache.ts'
import { type AppDependencies, createApp } from '../app.ts'
import type { GatewayConfig } from '../config/config.ts'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import { DemoTransport } from '../demo/demo-transport.ts'
import { AddressGuard } from '../http/address-guard.ts'
import { AdmissionGate } from '../http/admission-gate.ts'
import { CallsBySource } from '../http/calls-by-source.ts'
import { CorsPolicy } from '../http/cors.ts'
import { Roster } from '../http/roster.ts'
import { HttpServer } from '../http/server/http-server.ts'
import { Authenticator, type ChangedSubject } from '../identity/authenticator.ts'
import type { Caller } from '../identity/caller.ts'
import type { ManagedModels } from '../managed-models/managed-models.ts'
import { ServerTools } from '../mcp/chat/request-tools.ts'
import type { McpPlane } from '../mcp/mcp-plane.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { ContainerHomes } from '../pipeline/skills/container-homes.ts'
import { PolicyGate } from '../policy-engine/policy-gate.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import { demoBaseUrl } from '../providers/first-party.ts'
import { Quotas } from '../quotas/quotas.ts'
import { ResponseContent } from '../responses/response-content.ts'
import { ResponseHistory } from '../responses/response-history.ts'
import { ResponseIds } from '../responses/response-id.ts'
import { IdempotentAnswers } from '../rest/idempotency.ts'
import { SkillRelay } from '../skills/accounts/relay-skills.ts'
import { countJudgeCalls } from '../skills/benchmarks/count-judge-calls.ts'
import { createModelCalls } from '../skills/benchmarks/model-calls.ts'
import { FunctionSkills } from '../skills/functions/function-skills.ts'
import type { InvocationRecord } from '../skills/functions/invoke-skill.ts'
import { limitSkills } from '../skills/limit-skills.ts'
import { Marketplace } from '../skills/marketplace/marketplace.ts'
import type { NamespaceSandbox } from '../skills/sandbox/namespace-sandbox.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import { readInstructions } from '../skills/wires/read-instructions.ts'
import { rescanSkills } from '../skills/write/rescan-skills.ts'
import { SkillWriter } from '../skills/write/skill-writer.ts'
import { SpendJournal } from '../storage/ledger/spend-journal.ts'
import type { SpendRow } from '../storage/ledger/spend-row.ts'
import { formatPrometheus } from '../telemetry/metrics/format-prometheus.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/snapshot.ts'
import { TokenCounter } from '../tokens/token-counter.ts'
import { AuthorizingTransport } from '../transport/authorizing-transport.ts'
import { RoutedTransport } from '../transport/routed-transport.ts'
import type { Transport } from '../transport/transport.ts'
import { type OpenA2a, openA2a } from './a2a.ts'
import { openAnswerCache } from './answer-cache.ts'
import { auditPolicy } from './audit-policy.ts'
import { boundHeap } from './bound-heap.ts'
import { type ConfigurationHolder, type ReloadReport, sharesState } from './configuration-holder.ts'
import { embedTexts } from './embed-texts.ts'
import { type Evidence, openEvidence } from './evidence.ts'
import { type Governance, openGovernance } from './governance.ts'
import { type Hub, journalDirectory } from './hub.ts'
import { openManagedModels } from './managed-models.ts'
import { openMcp } from './mcp.ts'
import { measureCooldowns } from './measure-cooldowns.ts'
import { MediaFetcher } from './media-fetcher.ts'
import { type ModelRouting, openModelRouting } from './model-routing.ts'
import { createNetworkTransport, createTokenTransport } from './network-transport.ts'
import { OwnEmbedders } from './own-embedders.ts'
import { refreshPrices } from './prices.ts'
import { readUserFile } from './read-user-file.ts'
import { recordRuns } from './record-runs.ts'
import {
  shareCooldowns,
  shareKeyChanges,
  shareQuotas,
  shareSubjectChanges,
  shareUsage,
} from './share-changes.ts'
import { openSkillAccounts } from './skill-accounts.ts'
import { openSkillDiscovery } from './skill-discovery.ts'
import { openSkillInjection } from './skill-injection.ts'
import { openSkillRouting, type SkillRouting, selectSkills } from './skill-router.ts'
import { listSecrets, type Telemetry } from './telemetry.ts'
import { createWebhookParts } from './webhooks.ts'

const failuresPerMinute = 20
const settleBudgetMs = 500
const neverRefused = [
  '/_health/live',
  '/_health/ready',
  '/health',
  '/health/liveliness',
  '/health/liveness',
  '/health/readiness',
  '/metrics',
]

export interface ServeOptions {
  readonly configuration: ConfigurationHolder
  readonly prices: PriceTable
  readonly hub: Hub
  readonly telemetry: Telemetry
  /** The metrics of every worker of this gateway. */
  readonly collectMetrics: () => Promise<MetricsSnapshot>
  /** How many of the allowed concurrent requests this process may take; 0 for no limit. */
  readonly maxConcurrentRequests: number
  readonly now: () => number
  readonly random: () => number
}

export interface ServingProcess {
  readonly server: HttpServer
  /** Reads the configuration again and swaps it; true when it was accepted. */
  reload(): { readonly succeeded: boolean; readonly files: readonly string[] }
  /** Refuses new work, waits for what is under way up to the drain timeout, and settles everything. */
  drain(): Promise<void>
}

/** Composes one serving process from its parts. The caller listens. */
export async function serve(options: ServeOptions): Promise<ServingProcess> {
  const { configuration, hub, telemetry } = options
  const { config } = configuration.runtime
  const journal = new SpendJournal({
    directory: journalDirectory(config.storage),
    raiseAlarm: ({ kind, message, rows }) =>
      telemetry.logger.log('error', 'spend_journal', { kind, message, rows }),
    now: options.now,
  })
  const gate = createGate(config, options.maxConcurrentRequests, telemetry)
  const secret = Buffer.from(secretOf(config.identity))
  const managed = await openManagedModels({
    ...{ hub, configuration, telemetry, secret, now: options.now },
    reload: () => void reload(options),
  })
  const transport = createTransport(config, options.now, managed.origins)
  const media = new MediaFetcher(config.userEgress)
  const evidence = openEvidence({
    hub,
    telemetry,
    config: config.evidence,
    webhooks: createWebhookParts(config.userEgress, config.identity.saltKey),
    now: options.now,
  })
  const quotas = new Quotas(hub.quotas, options.now)
  const announceQuotas = await shareQuotas(hub.state, quotas, options.now)
  const skillRouting = await openSkillRouting({
    hub,
    evidence,
    telemetry,
    config: () => configuration.runtime.config.skillRouter,
    ownEmbedders: new OwnEmbedders(hub.embedders, config.userEgress, config.identity.saltKey),
    allowsOwnEmbedder: (workspaceId) =>
      quotas.find({ workspaceId, keyHash: null })?.limits.byo_embedder !== false,
    // The gateway is put together below; nothing is embedded before it serves.
    embed: (model, texts) => embedTexts(gateway, model, texts),
    now: options.now,
  })
  const onQuotasChanged = async (): Promise<void> => {
    await announceQuotas()
    // A quota may take away a workspace's own embedder, or give it back.
    await skillRouting.embedders.refresh()
  }
  const blobs = new BlobSealer(secret, randomBytes)
  const skillInjection = openSkillInjection({
    hub,
    evidence,
    skillRouting,
    telemetry,
    sealer: blobs,
    config: () => configuration.runtime.config,
    now: options.now,
  })
  const governance = await openGovernance({
    hub,
    telemetry,
    config: () => configuration.runtime.config,
    routing: () => configuration.runtime.routing,
    now: options.now,
  })
  const modelRouting = await openModelRouting({
    ...{ hub, telemetry, now: options.now },
    config: () => configuration.runtime.config,
    reload: () => void reload(options),
    skills: (workspaceId) => evidence.effectiveness.snapshot(workspaceId),
  })
  const skillAccounts = openSkillAccounts({
    ...{ hub, skillRouting, telemetry, transport, secret },
    runtime: () => configuration.runtime,
    now: options.now,
  })
  const mcp = await openMcp({
    hub,
    evidence,
    config: () => configuration.runtime.config,
    telemetry,
    books: () => gateway,
    now: options.now,
    random: options.random,
  })
  const answerCache = await openAnswerCache({
    ...{ hub, now: options.now },
    config: () => configuration.runtime.config,
  })
  const gateway = composeGateway(options, {
    requestTools: new ServerTools(mcp),
    governor: governance.governor,
    upstream: governance.upstream,
    transport,
    agentTransport: ({ exchange, caller, options: { sessionId } }) =>
      a2a.agentTransport({ exchange, caller, sessionId }),
    fetchMedia: (url) => media.fetch(url),
    journal,
    blobs,
    skills: skillInjection.injector,
    models: modelRouting.router,
    settleChoice: modelRouting.settle,
    containers: skillAccounts.containers,
    sandbox: skillAccounts.sandbox,
    recordRun: recordRuns((invocation) => recordInvocation(telemetry, invocation)),
    answers: answerCache.answers,
  })
  const stopBoundingHeap = boundHeap({ openStreams: gateway.openStreams, setFlag: setFlagsFromString })
  await shareCooldowns(hub.state, configuration.states)
  if (sharesState(config)) await shareUsage(hub.state, configuration.states, options.now)
  measureCooldowns(configuration.states, telemetry.metrics.breakers)
  const onKeysChanged = await shareKeyChanges(hub.state, gateway.identity.authenticator)
  const onSubjectsChanged = await shareSubjectChanges(hub.state, gateway.identity.authenticator, {
    forget: (changed) => {
      governance.subjects.forget(changed)
      if (changed.some(({ kind }) => kind === 'usage_policy'))
        void governance.refreshPolicies().catch(() => {})
    },
    refresh: () => governance.subjects.refresh(),
  })
  const functions = new FunctionSkills(config.functionSkills, {
    env: process.env,
    node: process.execPath,
    nodeFlags: process.allowedNodeEnvironmentFlags,
    now: options.now,
  })
  const skillRelay = new SkillRelay({
    gateway,
    secret,
    isCopy: (fingerprint, id) => skillAccounts.copies.isCopy(fingerprint, id),
  })
  const a2a = await openA2a({
    hub,
    gateway,
    telemetry,
    secret,
    config: () => configuration.runtime.config,
    now: options.now,
  })
  configuration.agents.serve(a2a.plane.directory)
  const parts = {
    a2a,
    onKeysChanged,
    governance,
    onSubjectsChanged,
    quotas,
    onQuotasChanged,
    functions,
    evidence,
    skillRouting,
    modelRouting,
    skillRelay,
    sandbox: skillAccounts.sandbox,
    mcp,
    answers: answerCache.answers,
    managed: managed.models,
  }
  const stopRescanning = rescanSkills({
    store: hub.skills,
    writer: createSkillWriter(hub.skills, gateway),
    state: hub.state,
    isOff: () => configuration.runtime.config.skills.scan.onBlock === 'off',
    onError: (error) => telemetry.logger.logError({ error, requestId: 'skills-rescan' }),
  })
  const app = createApp(composeApp(options, gateway, gate, parts))
  const server = new HttpServer(app.listen, config.server.tls)
  return {
    server,
    reload: () => {
      const report = reload(options)
      mcp.refresh()
      return report
    },
    drain: async () => {
      stopRescanning()
      mcp.endStreams()
      const idle = await gate.drain(config.server.drainTimeoutMs)
      if (!idle) {
        a2a.interrupt()
        await interrupt(gateway, gate)
      }
      const closed = server.close()
      server.closeAllConnections()
      await closed
      // Requests that were cut off settle as their connections close.
      await gate.drain(settleBudgetMs)
      await nextTurn()
      stopBoundingHeap()
      await governance.close()
      journal.close()
      skillInjection.close()
      skillAccounts.close()
      await Promise.all([evidence.close(), a2a.close()])
      gateway.tokens.close()
      skillRouting.close()
      await answerCache.close()
      await modelRouting.close()
      await Promise.all([transport.close(), media.close(), functions.close(), mcp.close(), managed.close()])
      telemetry.flush()
      await telemetry.tracing?.close()
    },
  }
}

/** Ends the streams that are left with the dialect's error. */
async function interrupt(gateway: Gateway, gate: AdmissionGate): Promise<void> {
  const error = new GatewayError('draining', 'The gateway is shutting down; send the request again.', {
    retryAfterSeconds: 1,
  })
  gateway.openStreams.visitAll((stream) => stream.interrupt(error))
  await gate.drain(settleBudgetMs)
}

function createGate(config: GatewayConfig, limit: number, { metrics }: Telemetry): AdmissionGate {
  const { rootPath, backpressureExcludedPaths } = config.server
  const probes = neverRefused.map((path) => rootPath + path)
  return new AdmissionGate(limit, [...probes, ...backpressureExcludedPaths], {
    onChange: (active) => {
      metrics.backpressure.active.value = active
    },
    onRefusal: (reason) => metrics.backpressure.reject(reason),
  })
}

function createTransport(
  config: GatewayConfig,
  now: () => number,
  guarded: ReadonlyMap<string, Transport>,
): Transport {
  const network = createNetworkTransport({
    maxConnectionsPerOrigin: config.server.upstreamConnections,
    maxIdlePerOrigin: config.server.upstreamIdleConnections,
  })
  const authorizing = new AuthorizingTransport(network, now, readUserFile, createTokenTransport(network))
  const operators = new RoutedTransport(
    authorizing,
    new Map([[new URL(demoBaseUrl).origin, new DemoTransport(now)]]),
  )
  return new RoutedTransport(operators, guarded)
}

/** What a gateway is made of beside its configuration. */
interface GatewayParts
  extends Pick<
    Gateway,
    | 'governor'
    | 'transport'
    | 'agentTransport'
    | 'fetchMedia'
    | 'blobs'
    | 'skills'
    | 'models'
    | 'settleChoice'
    | 'containers'
    | 'sandbox'
    | 'recordRun'
    | 'requestTools'
    | 'answers'
  > {
  readonly journal: SpendJournal
  readonly upstream: Governance['upstream']
}

function composeGateway(options: ServeOptions, { journal, upstream, ...parts }: GatewayParts): Gateway {
  const { configuration, hub, telemetry, now, random } = options
  const { identity, storage } = configuration.runtime.config
  return {
    runtime: () => configuration.runtime,
    strategy: () => configuration.strategy,
    identity: {
      authenticator: new Authenticator({
        config: identity,
        keys: hub.keys,
        now,
        open: isOpen(configuration.runtime.config),
      }),
      failedAttempts: new CallsBySource(() => failuresPerMinute, now),
      addresses: new AddressGuard(identity.allowedIps),
      policies: new PolicyGate(
        () => configuration.runtime.policies,
        (judged) => auditPolicy(telemetry.logger, judged),
      ),
    },
    ...parts,
    containerHomes: new ContainerHomes(hub.state),
    states: configuration.states,
    mockTransport: new DemoTransport(now),
    active: telemetry.metrics.active,
    openStreams: new Roster(),
    tokens: new TokenCounter(),
    recordRequest: (record) => telemetry.queue.push(record),
    appendSpend: (row) => {
      upstream.add(row)
      if (!storage.disableSpendLogs) journal.append(countForWorkspace(row, configuration.runtime))
    },
    now,
    random,
  }
}

/** Whose spend is not counted for workspaces has none in its ledger. */
function countForWorkspace(row: SpendRow, { config }: Runtime): SpendRow {
  return config.governance.countsWorkspaces ? row : { ...row, workspaceId: null }
}

function describeAuditor(caller: Caller | null): {
  readonly key_hash: string | null
  readonly user_id: string | null
} {
  return { key_hash: caller?.keyHash ?? null, user_id: caller?.userId ?? null }
}

function auditChange(
  { logger }: Telemetry,
  caller: Caller | null,
  action: string,
  fields: Readonly<Record<string, string | number | boolean | null>>,
): void {
  logger.log('info', 'audit', { ...fields, action, ...describeAuditor(caller) })
}

/** What keys are derived from. Without a configured one, what was sealed lasts as long as this process. */
function secretOf({ saltKey, masterKey }: GatewayConfig['identity']): string | Buffer {
  return saltKey ?? masterKey ?? randomBytes(32)
}

/** Whether requests without a key are served: only where the operator configured none and said so. */
function isOpen({ identity }: GatewayConfig): boolean {
  return identity.masterKey === null && identity.adminKeys.length === 0 && !identity.requireAuth
}

/** What every process of a gateway learns of the others' changes. */
interface SharedParts {
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
  readonly skillRelay: SkillRelay
  readonly sandbox: NamespaceSandbox
  readonly mcp: McpPlane
  readonly answers: AnswerCache
  readonly managed: ManagedModels
}

function composeApp(
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
    skillRelay,
    sandbox,
    mcp,
    answers,
    managed,
  }: SharedParts,
): AppDependencies {
  const { configuration, prices, hub, telemetry, collectMetrics, now } = options
  const { identity, runtime } = gateway
  const { server, identity: identityConfig } = runtime().config
  const skills = composeSkills(hub, gateway, quotas)
  const kept = {
    store: hub.responses,
    content: new ResponseContent(identityConfig.saltKey, randomBytes),
    ids: new ResponseIds(secretOf(identityConfig)),
  }
  return {
    gateway,
    a2a,
    invocations: {
      functions,
      readInstructions: (workspaceId, name, version) =>
        readInstructions(hub.skills, workspaceId, name, version),
      record: (invocation) => recordInvocation(telemetry, invocation),
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
      runtime,
      settings: () => runtime().config.governance,
      quotas,
      keyPrefix: identityConfig.keyPrefix,
      production: identityConfig.environment === 'production',
      now,
      onKeysChanged,
      onSubjectsChanged,
    },
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
      audit: (caller, action, fields) => auditChange(telemetry, caller, action, fields),
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
      now,
    },
    cache: { identity, runtime, answers },
    operations: {
      identity,
      runtime,
      history: () => configuration.history,
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
      gateway,
      limits: hub.state,
      audit: (caller, action, fields) => auditChange(telemetry, caller, action, fields),
      reload: () => reloadForCaller(options),
      hotReload: runtime().config.server.watchFiles,
    },
    dispatch: {
      gate,
      cors: new CorsPolicy(server.corsOrigins, server.corsCredentials),
      codeStyle: () => runtime().config.requests.errorCodeStyle,
      admitPublic: (exchange) => identity.policies.admit(null, exchange),
      beginTrace: telemetry.tracing?.begin ?? null,
      onUnexpectedError: (exchange, error) =>
        telemetry.logger.logError({ error, requestId: exchange.requestId }),
    },
    rootPath: server.rootPath,
    bareAliases: server.bareAliases,
  }
}

function composeMarketplace(
  { plugins, registry }: Hub,
  { identity, runtime }: Gateway,
): AppDependencies['marketplace'] {
  const settings = () => runtime().config.skills.marketplace
  const marketplace = new Marketplace({ plugins, registry, settings, now: () => performance.now() })
  return { identity, plugins, marketplace, isEnabled: () => settings().isEnabled }
}

function recordInvocation({ logger, metrics }: Telemetry, invocation: InvocationRecord): void {
  const { id, requestId, actor, name, type, namespace, status, durationMs } = invocation
  const skill = name.slice(0, 256)
  const request_id = requestId
  metrics.observeSkillInvocation(invocation)
  logger.log('info', 'skill_invoked', {
    ...{ invocation_id: id, request_id, skill, type, namespace, status },
    duration_ms: durationMs,
  })
  const isSuccess = status === 'ok' || status === 'client_action_required'
  logger.log('info', 'audit', {
    ...{
      action: 'skill.invoke',
      actor_id: actor.replace(/^(key:\w{8}).*/, '$1'),
      resource_type: 'skill',
      resource_id: skill,
      request_id,
    },
    ...{ outcome: isSuccess ? 'success' : 'error', outcome_reason: isSuccess ? null : status },
  })
}

function createSkillWriter(store: SkillStore, { runtime, now }: Gateway): SkillWriter {
  return new SkillWriter({ store, policy: () => runtime().config.skills.scan, now })
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

function reload({ configuration, telemetry, prices, now }: ServeOptions): ReloadReport {
  const report = configuration.reload()
  telemetry.addSecrets(listSecrets(configuration.runtime.config))
  void refreshPrices({ configuration, prices, logger: telemetry.logger, now })
  for (const { severity, path, message } of report.diagnostics) {
    telemetry.logger.log(severity === 'error' ? 'error' : 'warn', 'config', { path, message })
  }
  telemetry.logger.log(report.succeeded ? 'info' : 'error', 'config_reload', {
    changed: report.changed,
    succeeded: report.succeeded,
    config_version_hash: configuration.runtime.config.versionHash,
  })
  return report
}

/** What a caller is told of a reload: where something is wrong, and what. */
function reloadForCaller(options: ServeOptions): ReturnType<AppDependencies['routing']['reload']> {
  const before = options.configuration.runtime.config.versionHash
  const { succeeded, diagnostics } = reload(options)
  return {
    succeeded,
    changed: options.configuration.runtime.config.versionHash !== before,
    errors: diagnostics.flatMap(({ severity, path, message }) =>
      severity === 'error' ? { path, message } : [],
    ),
  }
}
