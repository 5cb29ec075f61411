import cluster from 'node:cluster'
import { checkOpenMode } from '../config/checks/check-open-mode.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { ConfigDocument, LoadedConfig } from '../config/load-config.ts'
import { formatDiagnostics } from '../config/validate-config.ts'
import { connectOverIpc } from '../storage/cluster/connect-over-ipc.ts'
import { portOfPrimary } from '../storage/cluster/ipc-port.ts'
import { announcePreparation } from './announce.ts'
import { checkStoredSecrets } from './check-stored-secrets.ts'
import { type ConfigSyncCalls, type OpenConfigSync, openConfigSync } from './config-sync.ts'
import { openStores, type Stores } from './hub.ts'
import { StartFailure } from './listen.ts'
import { type Environment, readConfiguration } from './load-runtime.ts'
import { keptMasterKey, needsMasterKey } from './master-key.ts'
import { runPrimary } from './run-primary.ts'
import { runSingle } from './run-single.ts'
import { runWorker } from './run-worker.ts'
import { resetCooldowns } from './share-changes.ts'
import type { Startup } from './startup.ts'

/** The configuration cannot be served; the text is for the operator and the exit code is 2. */
export class RefusedConfiguration extends Error {}

/** Starts the gateway in the role this process has: alone, primary of several workers, or worker. */
export async function start(flags: ConfigFlags, env: Environment): Promise<void> {
  const local = requireConfig(readConfiguration(flags, env))
  const { remote } = local.configSync
  if (cluster.isWorker) {
    const primary = connectOverIpc<ConfigSyncCalls>(portOfPrimary(process), 'configSync')
    return runWorker(prepare(flags, env, local, remote === null ? null : await primary.document()))
  }
  // What cannot be served is refused before anything is opened, unless it is still to be fetched.
  const known = remote === null ? prepare(flags, env, local, null) : null
  announcePreparation(local)
  const stores = await openStores(local.storage, Date.now)
  const configSync = await openConfigSync({ local, flags, env, stores, now: Date.now })
  const prepared = known ?? prepare(flags, env, local, requireDocument(local, configSync))
  const startup = await checkSecrets(prepared, stores)
  if (startup.config.server.resetsCooldowns) await resetCooldowns(stores.state)
  const run = startup.config.server.workers > 1 ? runPrimary : runSingle
  await run(startup, { stores, configSync })
}

/**
 * Reads the configuration, keeps a master key when none is configured, and refuses what must not be served. Stores and the
 * place of the configuration are those that this machine names, since they were open before.
 */
function prepare(
  flags: ConfigFlags,
  env: Environment,
  { storage, configSync }: GatewayConfig,
  document: ConfigDocument | null,
): Startup {
  const read = readConfiguration(flags, env, { document })
  const loaded = { ...requireConfig(read), storage, configSync }
  const masterKey = needsMasterKey(loaded) ? keptMasterKey(storage.dataDir) : null
  const config =
    masterKey === null ? loaded : { ...loaded, identity: { ...loaded.identity, masterKey: masterKey.key } }
  const openMode = checkOpenMode(config)
  if (openMode.some((diagnostic) => diagnostic.severity === 'error'))
    throw new RefusedConfiguration(formatDiagnostics(openMode))
  const { diagnostics, files } = read
  return { config, document, flags, env, diagnostics: [...diagnostics, ...openMode], files, masterKey }
}

/** With what there is to say about the keys of stored secrets. Errors: RefusedConfiguration where they open none of them. */
async function checkSecrets(startup: Startup, { database }: Stores): Promise<Startup> {
  const found = await checkStoredSecrets(database, startup.config.identity)
  if (found?.severity !== 'error')
    return found === null ? startup : { ...startup, diagnostics: [...startup.diagnostics, found] }
  await database.close()
  throw new RefusedConfiguration(formatDiagnostics([found]))
}

function requireConfig({ config, diagnostics }: LoadedConfig): GatewayConfig {
  if (config === null) throw new RefusedConfiguration(formatDiagnostics(diagnostics))
  return config
}

/**
 * The document to start with; null falls back on the file of this machine. Errors: StartFailure where there is none either:
 * a gateway that answers without its models would be taken for a sound one.
 */
function requireDocument(
  { source }: GatewayConfig,
  { firstDocument, problem }: OpenConfigSync,
): ConfigDocument | null {
  if (firstDocument !== null || source.kind === 'file') return firstDocument
  throw new StartFailure(
    `the remote configuration cannot be read, and there is no file to start with: ${problem ?? 'nothing was published'}`,
  )
}
