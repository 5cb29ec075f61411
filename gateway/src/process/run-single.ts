import { startAlerts } from './alerts.ts'
import { announce, announcePreparation } from './announce.ts'
import { ConfigurationHolder } from './configuration-holder.ts'
import { followChanges } from './follow-changes.ts'
import { openHub } from './hub.ts'
import { listen } from './listen.ts'
import { logDiagnostics } from './log-diagnostics.ts'
import { createPriceTable, refreshPrices } from './prices.ts'
import { serve } from './serve.ts'
import { onShutdown } from './shutdown.ts'
import type { Startup } from './startup.ts'
import { createTelemetry } from './telemetry.ts'

const flushBudgetMs = 5_000

/** One process that owns everything: database, shared state, and the serving. */
export async function runSingle(startup: Startup): Promise<void> {
  const { config, flags, env } = startup
  const now = Date.now
  const telemetry = createTelemetry(config, process.stdout.isTTY === true, process, now)
  const prices = createPriceTable(now())
  const configuration = new ConfigurationHolder({ config, flags, env, prices, now })
  const raiseAlarm = (alarm: { kind: string; message: string; rows: number }): void =>
    telemetry.logger.log('error', 'spend_journal', { ...alarm })
  announcePreparation(startup)
  const hub = await openHub({
    storage: config.storage,
    evidenceRetentionDays: config.evidence.retentionDays,
    spendRetentionMs: config.governance.spendRetentionMs,
    keepsToolServers: config.mcp.isPersistent,
    raiseAlarm,
    now,
  })
  const alerts = startAlerts({ hub, config, logger: telemetry.logger, now })
  logDiagnostics(telemetry.logger, [...startup.diagnostics, ...configuration.diagnostics], hub.notices)
  const serving = await serve({
    configuration,
    prices,
    hub,
    telemetry,
    collectMetrics: async () => telemetry.metrics.snapshot(),
    maxConcurrentRequests: config.server.maxConcurrentRequests,
    now,
    random: Math.random,
  })
  const address = await listen(serving.server, config.server)
  const watch = followChanges(startup, () => serving.reload().files)
  onShutdown(telemetry, async () => {
    watch?.close()
    await serving.drain()
    await alerts.stop()
    await hub.close(flushBudgetMs)
  })
  announce(startup, configuration.runtime.routing, address, telemetry.logger)
  await refreshPrices({ configuration, prices, logger: telemetry.logger, now })
}
