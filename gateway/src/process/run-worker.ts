import cluster from 'node:cluster'
import type { A2aStore } from '../a2a/a2a-store.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import type { ConfigDocument } from '../config/load-config.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { AsyncLimiter } from '../governance/limiter.ts'
import type { ManagedModelStore } from '../managed-models/managed-model-store.ts'
import type { McpAccountStore } from '../mcp/accounts/account-store.ts'
import type { McpServerStore } from '../mcp/registry/server-store.ts'
import type { McpSubmissionStore } from '../mcp/registry/submission-store.ts'
import type { BundleMoveStore } from '../model-routing/bundles/bundle-shelf.ts'
import type { ChoiceStore } from '../model-routing/choice-store.ts'
import type { ExperimentStore } from '../model-routing/experiments/experiment-store.ts'
import type { PreferenceStore } from '../model-routing/preference-store.ts'
import type { RoutingSettingsStore } from '../model-routing/settings/routing-settings-store.ts'
import type { QuotaStore } from '../quotas/quota-store.ts'
import type { WorkspaceEmbedderStore } from '../skill-router/embedding/workspace-embedder.ts'
import type { ProviderCopyStore } from '../skills/accounts/provider-copy-store.ts'
import type { AgentStore } from '../skills/agents/agent-store.ts'
import type { BenchmarkStore } from '../skills/benchmarks/benchmark-store.ts'
import type { BundleStore } from '../skills/bundles/bundle-store.ts'
import type { PluginStore } from '../skills/marketplace/plugin-store.ts'
import type { RegistryStore } from '../skills/registry/registry-store.ts'
import type { SkillStore } from '../skills/skill-store.ts'
import { connectOverIpc } from '../storage/cluster/connect-over-ipc.ts'
import { exposeOverIpc } from '../storage/cluster/expose-over-ipc.ts'
import { portOfPrimary } from '../storage/cluster/ipc-port.ts'
import type { KeyStore } from '../storage/key-store.ts'
import type { ResponseStore } from '../storage/response-store.ts'
import { connectSharedState } from '../storage/shared-state/ipc-state.ts'
import type { SpendTotals } from '../storage/spend-totals.ts'
import type { SubjectStore } from '../storage/subject-store.ts'
import type { UseStore } from '../storage/use-store.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/snapshot.ts'
import { within } from '../within.ts'
import type { ConfigSyncCalls } from './config-sync.ts'
import { ConfigurationHolder } from './configuration-holder.ts'
import type { Hub } from './hub.ts'
import { listen } from './listen.ts'
import { createPriceTable, refreshPrices } from './prices.ts'
import { serve } from './serve.ts'
import { onShutdown } from './shutdown.ts'
import { SiblingSockets, socketDirectoryVariable } from './siblings.ts'
import type { Startup } from './startup.ts'
import { createTelemetry } from './telemetry.ts'

/** The primary answers from memory, or waits 50 ms for Redis. */
const limiterTimeoutMs = 1_000
/** A remote configuration is fetched, and put in force by all workers. */
const configSyncTimeoutMs = 60_000

const leaveBudgetMs = 2_000

/** What the primary may ask of a worker. */
export interface WorkerCalls {
  metrics(): Promise<MetricsSnapshot>
  /** Reads the configuration again, from `document` where one was fetched. */
  reload(document: ConfigDocument | null): Promise<void>
  drain(): Promise<void>
}

/** What a worker may ask of the primary, beside the stores. */
export interface PrimaryCalls {
  collectMetrics(): Promise<MetricsSnapshot>
}

/** One of several serving processes. Database and shared state belong to the primary and are reached over IPC. */
export async function runWorker(startup: Startup): Promise<void> {
  const { config, flags, env, document } = startup
  const now = Date.now
  const port = portOfPrimary(process)
  const telemetry = createTelemetry(config, process.stdout.isTTY === true, process, now)
  const prices = createPriceTable(now())
  const configuration = new ConfigurationHolder({ config, flags, env, document, prices, now })
  const hub: Hub = {
    keys: connectOverIpc<KeyStore>(port, 'keys'),
    subjects: connectOverIpc<SubjectStore>(port, 'subjects'),
    totals: connectOverIpc<SpendTotals>(port, 'totals'),
    limiter: connectOverIpc<AsyncLimiter>(port, 'limiter', limiterTimeoutMs),
    uses: connectOverIpc<UseStore>(port, 'uses'),
    responses: connectOverIpc<ResponseStore>(port, 'responses'),
    skills: connectOverIpc<SkillStore>(port, 'skills'),
    providerCopies: connectOverIpc<ProviderCopyStore>(port, 'provider-copies'),
    registry: connectOverIpc<RegistryStore>(port, 'registry'),
    agents: connectOverIpc<AgentStore>(port, 'agents'),
    bundles: connectOverIpc<BundleStore>(port, 'bundles'),
    plugins: connectOverIpc<PluginStore>(port, 'plugins'),
    benchmarks: connectOverIpc<BenchmarkStore>(port, 'benchmarks'),
    quotas: connectOverIpc<QuotaStore>(port, 'quotas'),
    embedders: connectOverIpc<WorkspaceEmbedderStore>(port, 'embedders'),
    managedModels: connectOverIpc<ManagedModelStore>(port, 'managedModels'),
    a2a: connectOverIpc<A2aStore>(port, 'a2a'),
    evidence: connectOverIpc<EvidenceStore>(port, 'evidence'),
    mcp: connectOverIpc<McpServerStore>(port, 'mcp'),
    mcpAccounts: connectOverIpc<McpAccountStore>(port, 'mcpAccounts'),
    mcpSubmissions: connectOverIpc<McpSubmissionStore>(port, 'mcpSubmissions'),
    choices: connectOverIpc<ChoiceStore>(port, 'choices'),
    preferences: connectOverIpc<PreferenceStore>(port, 'preferences'),
    experiments: connectOverIpc<ExperimentStore>(port, 'experiments'),
    bundleMoves: connectOverIpc<BundleMoveStore>(port, 'bundleMoves'),
    routingSettings: connectOverIpc<RoutingSettingsStore>(port, 'routingSettings'),
    spend: connectOverIpc<Hub['spend']>(port, 'spend'),
    audit: connectOverIpc<AuditStore>(port, 'audit'),
    state: connectSharedState(port),
    health: connectOverIpc<Hub['health']>(port, 'health'),
    configSync: connectOverIpc<ConfigSyncCalls>(port, 'configSync', configSyncTimeoutMs),
  }
  const primary = connectOverIpc<PrimaryCalls>(port, 'primary')
  const siblings = new SiblingSockets(env[socketDirectoryVariable] ?? '', String(cluster.worker?.id))
  const serving = await serve({
    configuration,
    prices,
    hub,
    telemetry,
    collectMetrics: () => primary.collectMetrics(),
    maxConcurrentRequests: shareOfLimit(config.server.maxConcurrentRequests, config.server.workers),
    siblings,
    now,
    random: Math.random,
  })
  const beginDrain = onShutdown(telemetry, async () => {
    await serving.drain()
    await siblings.close()
    await leaveCluster()
  })
  exposeOverIpc<WorkerCalls>(port, 'worker', {
    metrics: async () => {
      telemetry.queue.flush()
      return telemetry.metrics.snapshot()
    },
    reload: async (fetched) => {
      if (fetched !== null) configuration.follow(fetched)
      serving.reload()
    },
    drain: async () => beginDrain(),
  })
  // The primary is gone: nothing can be settled any more, so finish and leave.
  process.on('disconnect', beginDrain)
  await siblings.listen(serving.server)
  await listen(serving, config.server)
  await refreshPrices({ configuration, prices, logger: telemetry.logger, now })
}

/**
 * The primary may be passing on a connection right now, which would get no answer and no end if this process just went away. Once the
 * primary has heard that nobody listens here any more, it has given it to another worker.
 */
async function leaveCluster(): Promise<void> {
  const { worker } = cluster
  if (worker?.isConnected() !== true) return
  const left = new Promise<void>((resolve) => worker.once('disconnect', resolve))
  worker.disconnect()
  await within(leaveBudgetMs, left)
}

/** The gateway's limit is split evenly, the first workers taking what is left over. */
function shareOfLimit(limit: number, workers: number): number {
  if (limit === 0) return 0
  const index = ((cluster.worker?.id ?? 1) - 1) % workers
  return Math.max(1, Math.floor(limit / workers) + (index < limit % workers ? 1 : 0))
}
