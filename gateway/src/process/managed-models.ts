import { randomUUID } from 'node:crypto'
import type { GatewayConfig, ModelConfig } from '../config/config.ts'
import { type ManagedEntries, noManagedEntries } from '../config/managed-entries.ts'
import { settingsByVariable } from '../config/registry/environment-registry.ts'
import { ManagedModels, type Trial } from '../managed-models/managed-models.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { AuthorizingTransport } from '../transport/authorizing-transport.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import type { Transport } from '../transport/transport.ts'
import type { ConfigurationHolder } from './configuration-holder.ts'
import type { Hub } from './hub.ts'
import { createUserTransport } from './network-transport.ts'
import { readUserFile } from './read-user-file.ts'
import { followManagedModels } from './share-changes.ts'
import type { Telemetry } from './telemetry.ts'

export interface ManagedModelsParts {
  readonly hub: Hub
  readonly configuration: ConfigurationHolder
  readonly telemetry: Telemetry
  readonly keyRing: KeyRing
  readonly now: () => number
  /** Reads the configuration again, managed entries included. */
  readonly reload: () => void
}

export interface OpenManagedModels {
  readonly models: ManagedModels
  /** Origins that admins wrote and no file names → the guarded way there. */
  readonly origins: ReadonlyMap<string, Transport>
  close(): Promise<void>
}

/** The models that are managed over the API, put in force before the first request. */
export async function openManagedModels(parts: ManagedModelsParts): Promise<OpenManagedModels> {
  const { hub, configuration, telemetry, keyRing, now, reload } = parts
  const { userEgress } = configuration.runtime.config
  const egress = new UserEgress(userEgress)
  const guarded = new AuthorizingTransport(createUserTransport(egress), now, readUserFile)
  const origins = new Map<string, Transport>()
  const models: ManagedModels = new ManagedModels({
    store: hub.managedModels,
    keyRing,
    trial: (entries) => tryEntries(configuration, entries),
    apply: (entries) => {
      configuration.manage(entries)
      reload()
      listGuardedOrigins(configuration.runtime.config, origins, guarded)
    },
    announce: () => announcement.announce(),
    refuseUrl: (url) => egress.refuseUrl(url, { plainHttp: true }),
    isOwnVariable: (name) => settingsByVariable.has(name),
    onUnreadable: (name) =>
      telemetry.logger.log('error', 'managed_model_unreadable', {
        name,
        reason: 'it was encrypted with a key that is not configured, or for another row; add it again',
      }),
    newId: randomUUID,
  })
  await models.refresh()
  const announcement = await followManagedModels(hub.state, models)
  return {
    models,
    origins,
    close: async () => {
      announcement.stop()
      await guarded.close()
    },
  }
}

/** Errors that the configuration has without the entries are not theirs. */
function tryEntries(configuration: ConfigurationHolder, entries: ManagedEntries): Trial {
  const errorsOf = (managed: ManagedEntries) => {
    const { config, diagnostics } = configuration.readWith({ managed })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    return { config, errors: errors.map(({ path, message }) => [`${path}: ${message}`, message] as const) }
  }
  const { config, errors } = errorsOf(entries)
  const known = errors.length === 0 ? [] : errorsOf(noManagedEntries).errors.map(([text]) => text)
  return {
    ids: new Set(config?.models.map(({ info }) => info.id)),
    problems: errors.filter(([text]) => !known.includes(text)).map(([, message]) => message),
  }
}

function listGuardedOrigins(
  { models }: GatewayConfig,
  origins: Map<string, Transport>,
  guarded: Transport,
): void {
  const [managed, configured] = [models.filter(isManaged), models.filter((model) => !isManaged(model))]
  const own = new Set(configured.map(originOf))
  const written = managed.map(originOf).filter((origin) => origin !== null && !own.has(origin))
  origins.clear()
  for (const origin of written) if (origin !== null) origins.set(origin, guarded)
}

const isManaged = ({ info }: ModelConfig): boolean => info.raw['db_model'] === true

function originOf({ apiBase }: ModelConfig): string | null {
  return apiBase !== null && URL.canParse(apiBase) ? new URL(apiBase).origin : null
}
