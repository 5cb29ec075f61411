import cluster from 'node:cluster'
import { checkOpenMode } from '../config/checks/check-open-mode.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import { formatDiagnostics } from '../config/validate-config.ts'
import { type Environment, readConfiguration } from './load-runtime.ts'
import { keptMasterKey } from './master-key.ts'
import { runPrimary } from './run-primary.ts'
import { runSingle } from './run-single.ts'
import { runWorker } from './run-worker.ts'
import type { Startup } from './startup.ts'

/** The configuration cannot be served; the text is for the operator and the exit code is 2. */
export class RefusedConfiguration extends Error {}

/** Starts the gateway in the role this process has: alone, primary of several workers, or worker. */
export async function start(flags: ConfigFlags, env: Environment): Promise<void> {
  const startup = prepare(flags, env)
  if (cluster.isWorker) await runWorker(startup)
  else if (startup.config.server.workers > 1) await runPrimary(startup)
  else await runSingle(startup)
}

/** Reads the configuration, keeps a master key when none is configured, and refuses what must not be served. */
function prepare(flags: ConfigFlags, env: Environment): Startup {
  const { config: loaded, diagnostics, files } = readConfiguration(flags, env)
  if (loaded === null) throw new RefusedConfiguration(formatDiagnostics(diagnostics))
  const masterKey = needsMasterKey(loaded) ? keptMasterKey(loaded.storage.dataDir) : null
  const config =
    masterKey === null ? loaded : { ...loaded, identity: { ...loaded.identity, masterKey: masterKey.key } }
  const openMode = checkOpenMode(config)
  if (openMode.some((diagnostic) => diagnostic.severity === 'error'))
    throw new RefusedConfiguration(formatDiagnostics(openMode))
  return { config, flags, env, diagnostics: [...diagnostics, ...openMode], files, masterKey }
}

/** In production a key must be configured; elsewhere one is made unless an open gateway was asked for. */
function needsMasterKey({ identity }: GatewayConfig): boolean {
  const hasKey = identity.masterKey !== null || identity.adminKeys.length > 0
  return !hasKey && !identity.insecureNoAuth && identity.environment !== 'production'
}
