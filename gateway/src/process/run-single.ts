import { startAlerts } from './alerts.ts'
import { announce } from './announce.ts'
import { auditOptions, openAudit } from './audit.ts'
import { ConfigurationHolder } from './configuration-holder.ts'
import { followChanges } from './follow-changes.ts'
import { openHub } from './hub.ts'
import { listen } from './listen.ts'
import { logDiagnostics } from './log-diagnostics.ts'
import { createPriceTable, refreshPrices } from './prices.ts'
import { serve } from './serve.ts'
import { onShutdown } from './shutdown.ts'
import type { OwnedParts, Startup } from './startup.ts'
import { createTelemetry } from './telemetry.ts'

const flushBudgetMs = 5_000

/** One process that owns everything: database, shared state, and the serving. */
export async function runSingle(startup: Startup, { stores, configSync }: OwnedParts): Promise<void> {
  const { config, flags, env, document } = startup
  const now = Date.now
  const telemetry = createTelemetry(config, process.stdout.isTTY === true, process, now)
  const prices = createPriceTable(now())
  const configuration = new ConfigurationHolder({ config, flags, env, document, prices, now })
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
  const serving = await serve({
    configuration,
    prices,
    hub,
    telemetry,
    collectMetrics: async () => telemetry.metrics.snapshot(),
    maxConcurrentRequests: config.server.maxConcurrentRequests,
    siblings: null,
    now,
    random: Math.random,
  })
  const address = await listen(serving, config.server)
  const watch = followChanges(startup, () => serving.reload().files)
  configSync.start({ ...telemetry, audit }, async (fetched) => {
    configuration.follow(fetched)
    const { files } = serving.reload()
    watch?.follow(files)
  })
  onShutdown(telemetry, async () => {
    watch?.close()
    await configSync.beginDrain()
    await serving.drain()
    await alerts.stop()
    await configSync.close()
    await audit.close()
    await hub.close(flushBudgetMs)
  })
  announce(startup, configuration.runtime.routing, address, telemetry.logger)
  await refreshPrices({ configuration, prices, logger: telemetry.logger, now })
}
