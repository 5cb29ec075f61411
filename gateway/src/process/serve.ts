import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { GatewayError } from '@routeiq/contract'
import { permissionOfAgent } from '../a2a/agents/agent-access.ts'
import { startKeyRotation } from '../admin/keys/key-rotation.ts'
import { createApp, createHealthApp } from '../app.ts'
import type { GatewayConfig } from '../config/config.ts'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import { DemoTransport } from '../demo/demo-transport.ts'
import { AdmissionGate } from '../http/admission-gate.ts'
import type { Exchange } from '../http/exchange.ts'
import { HttpServer } from '../http/server/http-server.ts'
import { ServerTools } from '../mcp/chat/request-tools.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import { demoBaseUrl } from '../providers/first-party.ts'
import { Quotas } from '../quotas/quotas.ts'
import { SkillRelay } from '../skills/accounts/relay-skills.ts'
import { FunctionSkills } from '../skills/functions/function-skills.ts'
import { rescanSkills } from '../skills/write/rescan-skills.ts'
import { SpendJournal } from '../storage/ledger/spend-journal.ts'
import { AuthorizingTransport } from '../transport/authorizing-transport.ts'
import { RoutedTransport } from '../transport/routed-transport.ts'
import type { Transport } from '../transport/transport.ts'
import { openA2a } from './a2a.ts'
import { openAnswerCache } from './answer-cache.ts'
import { openAudit } from './audit.ts'
import { boundHeap } from './bound-heap.ts'
import { compactHeap } from './compact-heap.ts'
import { composeApp, createSkillWriter } from './compose-app.ts'
import { composeGateway, secretOf } from './compose-gateway.ts'
import { sharesState } from './configuration-holder.ts'
import { embedTexts } from './embed-texts.ts'
import { openEvidence } from './evidence.ts'
import { openGovernance } from './governance.ts'
import { journalDirectory } from './hub.ts'
import { openJudging } from './judging.ts'
import { createKeyRing } from './key-ring.ts'
import { openManagedModels } from './managed-models.ts'
import { openMcp } from './mcp.ts'
import { measureCooldowns } from './measure-cooldowns.ts'
import { MediaFetcher } from './media-fetcher.ts'
import { openModelRouting } from './model-routing.ts'
import { createNetworkTransport, createTokenTransport } from './network-transport.ts'
import { OwnEmbedders } from './own-embedders.ts'
import { OwnRoutes } from './own-routes.ts'
import { maskConfig, openPlugins } from './plugins.ts'
import { isProbe, neverRefused } from './probes.ts'
import { readUserFile } from './read-user-file.ts'
import { recordRuns } from './record-runs.ts'
import { reload } from './reload.ts'
import { openRoutingSettings } from './routing-settings.ts'
import type { ServeOptions } from './serve-options.ts'
import { shareProviderBreakers } from './share-breakers.ts'
import {
  shareConversations,
  shareCooldowns,
  shareKeyChanges,
  shareQuotas,
  shareSubjectChanges,
  shareUsage,
} from './share-changes.ts'
import { openSkillAccounts } from './skill-accounts.ts'
import { findSkillEmbedding } from './skill-embedding.ts'
import { openSkillInjection } from './skill-injection.ts'
import { recordInvocation } from './skill-invocations.ts'
import { openSkillRouting } from './skill-router.ts'
import type { Telemetry } from './telemetry.ts'
import { createWebhookParts } from './webhooks.ts'

const settleBudgetMs = 500
/** How long a connection that has just been made may take to ask, and be told that the gateway ends. */
const firstRequestMs = 1_000

export interface ServingProcess {
  readonly server: HttpServer
  /** Answers probes alone; null where they have no port of their own. */
  readonly health: HttpServer | null
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
  const audit = openAudit(hub.audit, config, telemetry, options.now)
  const secret = Buffer.from(secretOf(config.identity))
  const keyRing = createKeyRing(config.identity)
  const managed = await openManagedModels({
    ...{ hub, configuration, telemetry, keyRing, now: options.now },
    reload: () => void reload(options),
  })
  const routingSettings = await openRoutingSettings(hub, configuration, () => void reload(options))
  const ownRoutes = new OwnRoutes(config.identity)
  const plugins = await openPlugins({
    ...{ telemetry, directory: process.cwd(), ask: ownRoutes.ask, now: options.now },
    config: () => configuration.runtime.config,
  })
  const transport = createTransport(config, options.now, managed.origins)
  const media = new MediaFetcher(config.userEgress)
  const evidence = openEvidence({
    hub,
    telemetry,
    config: config.evidence,
    webhooks: createWebhookParts(config.userEgress, keyRing),
    now: options.now,
  })
  const quotas = new Quotas(hub.quotas, options.now)
  const announceQuotas = await shareQuotas(hub.state, quotas, options.now)
  const embedder = findSkillEmbedding()
  const skillRouting = await openSkillRouting({
    hub,
    embedder,
    evidence,
    telemetry,
    config: () => configuration.runtime.config.skillRouter,
    ownEmbedders: new OwnEmbedders(hub.embedders, config.userEgress, keyRing),
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
    ...{ hub, telemetry, transport, strategies: plugins.strategies, modules: plugins.modules },
    now: options.now,
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
    keyRing,
    evidence,
    config: () => configuration.runtime.config,
    telemetry,
    audit,
    books: () => gateway,
    siblings: options.siblings,
    plugins: plugins.host,
    findAgentPermission: (id) => permissionOfAgent(a2a.plane.directory, id),
    now: options.now,
    random: options.random,
  })
  const answerCache = await openAnswerCache({
    ...{ hub, embedder, now: options.now },
    countSimilar: telemetry.metrics.countSimilarQuestion,
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
    conversations: await shareConversations(
      hub.state,
      () => configuration.runtime.config.routing.conversationAffinity,
      modelRouting.sharesPins,
    ),
    settleChoice: modelRouting.settle,
    containers: skillAccounts.containers,
    sandbox: skillAccounts.sandbox,
    recordRun: recordRuns((invocation) => recordInvocation(telemetry, audit, invocation)),
    audit,
    plugins: plugins.host,
    answers: answerCache.answers,
  })
  const stopBoundingHeap = boundHeap({ openStreams: gateway.openStreams, setFlag: setFlagsFromString })
  await shareCooldowns(hub.state, configuration.states)
  await shareProviderBreakers(hub.state, configuration.states.providers)
  if (sharesState(config)) await shareUsage(hub.state, configuration.states, options.now)
  measureCooldowns(configuration.states, telemetry.metrics.breakers, plugins.host)
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
    keyRing,
    config: () => configuration.runtime.config,
    now: options.now,
  })
  configuration.agents.serve(a2a.plane.directory)
  const judge = openJudging({ gateway, modelRouting, telemetry })
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
    judge,
    skillRelay,
    sandbox: skillAccounts.sandbox,
    mcp,
    answerCache,
    managed: managed.models,
    routingSettings: routingSettings.settings,
    plugins,
  }
  const stopRescanning = rescanSkills({
    store: hub.skills,
    writer: createSkillWriter(hub.skills, gateway),
    state: hub.state,
    isOff: () => configuration.runtime.config.skills.scan.onBlock === 'off',
    onError: (error) => telemetry.logger.logError({ error, requestId: 'skills-rescan' }),
  })
  const composed = composeApp(options, gateway, gate, parts)
  const stopRotating = startKeyRotation({
    ...composed.keys,
    isLeader: () => hub.configSync.isLeader(),
    onFailed: (error) => telemetry.logger.logError({ error, requestId: 'key-rotation' }),
  })
  // Plugins reach the gateway while they start, and their own routes are added to it then.
  ownRoutes.serve(createApp(composed))
  await plugins.start()
  tellPluginsOfReloads(plugins.host, options)
  const watch = watchForPlugins(plugins.host)
  const app = createApp({ ...composed, dispatch: { ...composed.dispatch, watch } })
  ownRoutes.serve(app)
  const server = new HttpServer(app.listen, config.server.tls)
  const health =
    config.server.healthPort === null ? null : new HttpServer(createHealthApp(composed).listen, null)
  compactHeap()
  return {
    server,
    health,
    reload: () => {
      const report = reload(options)
      mcp.refresh()
      return report
    },
    drain: async () => {
      stopRescanning()
      stopRotating()
      mcp.endStreams()
      const idle = await gate.drain(config.server.drainTimeoutMs)
      if (!idle) {
        a2a.interrupt()
        await interrupt(gateway, gate)
      }
      await Promise.all([server.close(firstRequestMs), health?.close()])
      // Requests that were cut off settle as their connections close.
      await gate.drain(settleBudgetMs)
      await nextTurn()
      stopBoundingHeap()
      routingSettings.close()
      await plugins.host?.stop()
      await governance.close()
      journal.close()
      skillInjection.close()
      skillAccounts.close()
      await Promise.all([evidence.close(), a2a.close()])
      gateway.tokens.close()
      skillRouting.close()
      await answerCache.close()
      await judge.close()
      await modelRouting.close()
      await Promise.all([transport.close(), media.close(), functions.close(), mcp.close(), managed.close()])
      await audit.close()
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
  const network = createNetworkTransport(config.egressProxy, {
    maxConnectionsPerOrigin: config.server.upstreamConnections,
    maxIdlePerOrigin: config.server.upstreamIdleConnections,
    ...(config.server.keepsUpstreamConnections ? {} : { idleTimeoutMs: 0 }),
  })
  const authorizing = new AuthorizingTransport(network, now, readUserFile, createTokenTransport(network))
  const operators = new RoutedTransport(
    authorizing,
    new Map([[new URL(demoBaseUrl).origin, new DemoTransport(now)]]),
  )
  return new RoutedTransport(operators, guarded)
}

/** Null where no plugin hears of answers. */
function watchForPlugins(plugins: PluginHost | null): ((exchange: Exchange) => void) | null {
  if (plugins === null || !plugins.hears('onResponse')) return null
  return (exchange) => {
    if (!isProbe(exchange)) plugins.watch(exchange)
  }
}

/** Plugins hear of every configuration that comes into force, without its secrets. */
function tellPluginsOfReloads(
  plugins: PluginHost | null,
  { configuration, telemetry: { redactText } }: ServeOptions,
): void {
  if (plugins === null || !plugins.hears('onConfigReload')) return
  configuration.onChange = (before, after) =>
    plugins.tell('onConfigReload', maskConfig(before, redactText), maskConfig(after, redactText))
}
