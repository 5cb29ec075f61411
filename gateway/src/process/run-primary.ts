import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditStore } from '../audit/audit-store.ts'
import type { ConfigDocument } from '../config/load-config.ts'
import { toAsyncLimiter } from '../governance/limiter.ts'
import { connectOverIpc } from '../storage/cluster/connect-over-ipc.ts'
import { exposeOverIpc } from '../storage/cluster/expose-over-ipc.ts'
import { portOfWorker } from '../storage/cluster/ipc-port.ts'
import { exposeSharedState } from '../storage/shared-state/ipc-state.ts'
import { type MetricsSnapshot, mergeSnapshots } from '../telemetry/metrics/snapshot.ts'
import { within } from '../within.ts'
import { startAlerts } from './alerts.ts'
import { announce } from './announce.ts'
import { auditOptions, openAudit } from './audit.ts'
import { ConfigurationHolder } from './configuration-holder.ts'
import { followChanges } from './follow-changes.ts'
import { type OwnedHub, openHub } from './hub.ts'
import { StartFailure } from './listen.ts'
import { readConfiguration } from './load-runtime.ts'
import { logDiagnostics } from './log-diagnostics.ts'
import { createPriceTable } from './prices.ts'
import type { PrimaryCalls, WorkerCalls } from './run-worker.ts'
import { onShutdown } from './shutdown.ts'
import { createSocketDirectory, socketDirectoryVariable } from './siblings.ts'
import type { OwnedParts, Startup } from './startup.ts'
import { createTelemetry } from './telemetry.ts'

const flushBudgetMs = 5_000
const firstRestartDelayMs = 200
const reloadBudgetMs = 5_000
const maxRestartDelayMs = 10_000
/** A worker that ran this long did not die of what stopped the ones before it. */
const steadyAfterMs = 60_000

/** The process that owns database and shared state and keeps N workers serving. It takes no requests itself. */
export async function runPrimary(startup: Startup, { stores, configSync }: OwnedParts): Promise<void> {
  const { config, flags, env, document } = startup
  const now = Date.now
  const telemetry = createTelemetry(config, process.stdout.isTTY === true, process, now)
  const configuration = new ConfigurationHolder({
    ...{ config, flags, env, document },
    prices: createPriceTable(now()),
    now,
  })
  const raiseAlarm = (alarm: { kind: string; message: string; rows: number }): void =>
    telemetry.logger.log('error', 'spend_journal', { ...alarm })
  const hub = openHub({
    stores,
    configSync,
    storage: config.storage,
    evidenceRetentionDays: config.evidence.retentionDays,
    spendRetentionMs: config.governance.spendRetentionMs,
    keepsToolServers: config.mcp.isPersistent,
    audit: auditOptions(config, telemetry),
    leads: configSync.leads,
    raiseAlarm,
    now,
  })
  const alerts = startAlerts({ hub, config, logger: telemetry.logger, leads: configSync.leads, now })
  const audit = openAudit(hub.audit, config, telemetry, now)
  logDiagnostics(telemetry.logger, [...startup.diagnostics, ...configuration.diagnostics], hub.notices)
  const sockets = createSocketDirectory(config.storage.dataDir)
  const crew = new Crew(hub, {
    size: config.server.workers,
    socketDirectory: sockets.path,
    onExit: (fields) => telemetry.logger.log('error', 'worker_exit', fields),
  })
  const port = await crew.start(config.server.port)
  const watch = followChanges(startup, () => {
    void crew.reload()
    return readConfiguration(flags, env).files
  })
  configSync.start({ ...telemetry, audit }, (fetched) => crew.reload(fetched))
  const drain = async (): Promise<void> => {
    watch?.close()
    await configSync.beginDrain()
    await crew.drain()
    sockets.remove()
    await alerts.stop()
    await configSync.close()
    await audit.close()
    await hub.close(flushBudgetMs)
  }
  onShutdown(telemetry, drain, () => crew.kill())
  announce(startup, configuration.runtime.routing, port, telemetry.logger)
}

interface CrewOptions {
  readonly size: number
  /** Where workers reach each other. */
  readonly socketDirectory: string
  readonly onExit: (fields: { pid: number; code: number; signal: string }) => void
}

/** The workers: started, replaced when they die, asked together. */
class Crew {
  readonly #hub: OwnedHub
  readonly #options: CrewOptions
  readonly #calls = new Map<Worker, WorkerCalls>()
  readonly #listening = new Set<Worker>()
  /** What was fetched last since the start. */
  #document: ConfigDocument | null = null
  #restartDelayMs = firstRestartDelayMs
  #draining = false

  constructor(hub: OwnedHub, options: CrewOptions) {
    this.#hub = hub
    this.#options = options
    // bigint and binary values must cross as they are.
    cluster.setupPrimary({ serialization: 'advanced' })
  }

  /** Resolves with the port in use once every worker listens. */
  async start(port: number): Promise<number> {
    const listening = Array.from({ length: this.#options.size }, () => this.#fork())
    const ports = await Promise.all(listening.map((worker) => becomesListening(worker, port)))
    cluster.on('exit', (worker, code, signal) => void this.#replace(worker, code, signal))
    return ports[0] ?? port
  }

  /** Resolves once every worker has read its configuration again, or after five seconds. */
  async reload(document: ConfigDocument | null = null): Promise<void> {
    this.#document = document ?? this.#document
    const reloads = [...this.#calls.values()].map((calls) => calls.reload(document))
    await within(reloadBudgetMs, Promise.allSettled(reloads))
  }

  async drain(): Promise<void> {
    this.#draining = true
    const exits = [...this.#calls.keys()].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    )
    for (const [worker, calls] of this.#calls) {
      if (this.#listening.has(worker)) calls.drain().catch(() => {})
      // One that is still starting serves nobody and does not hear calls yet.
      else worker.process.kill('SIGKILL')
    }
    await Promise.all(exits)
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#draining = true
    for (const worker of this.#calls.keys()) worker.process.kill('SIGKILL')
  }

  async #collectMetrics(): Promise<MetricsSnapshot> {
    const snapshots = await Promise.allSettled([...this.#calls.values()].map((calls) => calls.metrics()))
    return mergeSnapshots(
      snapshots.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    )
  }

  #fork(): Worker {
    const worker = cluster.fork({ [socketDirectoryVariable]: this.#options.socketDirectory })
    const port = portOfWorker(worker)
    exposeOverIpc(port, 'keys', this.#hub.keys)
    exposeOverIpc(port, 'subjects', this.#hub.subjects)
    exposeOverIpc(port, 'totals', this.#hub.totals)
    exposeOverIpc(port, 'limiter', toAsyncLimiter(this.#hub.limiter))
    exposeOverIpc(port, 'uses', this.#hub.uses)
    exposeOverIpc(port, 'responses', this.#hub.responses)
    exposeOverIpc(port, 'skills', this.#hub.skills)
    exposeOverIpc(port, 'provider-copies', this.#hub.providerCopies)
    exposeOverIpc(port, 'registry', this.#hub.registry)
    exposeOverIpc(port, 'agents', this.#hub.agents)
    exposeOverIpc(port, 'bundles', this.#hub.bundles)
    exposeOverIpc(port, 'plugins', this.#hub.plugins)
    exposeOverIpc(port, 'benchmarks', this.#hub.benchmarks)
    exposeOverIpc(port, 'quotas', this.#hub.quotas)
    exposeOverIpc(port, 'embedders', this.#hub.embedders)
    exposeOverIpc(port, 'managedModels', this.#hub.managedModels)
    exposeOverIpc(port, 'a2a', this.#hub.a2a)
    exposeOverIpc(port, 'evidence', this.#hub.evidence)
    exposeOverIpc(port, 'mcp', this.#hub.mcp)
    exposeOverIpc(port, 'mcpAccounts', this.#hub.mcpAccounts)
    exposeOverIpc(port, 'mcpSubmissions', this.#hub.mcpSubmissions)
    exposeOverIpc(port, 'choices', this.#hub.choices)
    exposeOverIpc(port, 'preferences', this.#hub.preferences)
    exposeOverIpc(port, 'experiments', this.#hub.experiments)
    exposeOverIpc(port, 'bundleMoves', this.#hub.bundleMoves)
    exposeOverIpc(port, 'routingSettings', this.#hub.routingSettings)
    exposeOverIpc(port, 'spend', this.#hub.spend)
    exposeOverIpc<AuditStore>(port, 'audit', this.#hub.audit)
    exposeOverIpc(port, 'health', this.#hub.health)
    exposeOverIpc(port, 'configSync', this.#hub.configSync)
    exposeOverIpc<PrimaryCalls>(port, 'primary', { collectMetrics: () => this.#collectMetrics() })
    const stopSharing = exposeSharedState(port, this.#hub.state)
    this.#calls.set(worker, connectOverIpc<WorkerCalls>(port, 'worker'))
    const startedAt = Date.now()
    worker.once('listening', () => {
      this.#listening.add(worker)
      // It did not hear of what was fetched while it started.
      if (this.#document !== null)
        this.#calls
          .get(worker)
          ?.reload(this.#document)
          .catch(() => {})
    })
    worker.once('exit', () => {
      this.#calls.delete(worker)
      this.#listening.delete(worker)
      if (Date.now() - startedAt > steadyAfterMs) this.#restartDelayMs = firstRestartDelayMs
      stopSharing()
    })
    return worker
  }

  async #replace(worker: Worker, code: number, signal: string): Promise<void> {
    if (this.#draining) return
    this.#options.onExit({ pid: worker.process.pid ?? 0, code, signal })
    await sleep(this.#restartDelayMs)
    this.#restartDelayMs = Math.min(maxRestartDelayMs, this.#restartDelayMs * 2)
    if (!this.#draining) this.#fork()
  }
}

/** The port it listens on, chosen by the system when 0 was asked for. */
function becomesListening(worker: Worker, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('listening', (address) => resolve(address.port))
    worker.once('exit', () =>
      reject(
        new StartFailure(`the workers could not start to listen on port ${port}; see the messages above`),
      ),
    )
  })
}
