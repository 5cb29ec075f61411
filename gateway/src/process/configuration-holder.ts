import { DeploymentStates } from '../balancing/deployment-states.ts'
import type { Strategy } from '../balancing/strategy.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { ConfigDocument, LoadedConfig } from '../config/load-config.ts'
import { type ManagedEntries, noManagedEntries } from '../config/managed-entries.ts'
import type { SettingOverrides } from '../model-routing/settings/routing-settings.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import { AgentsAsModels } from './agents-as-models.ts'
import { type CompiledRuntime, compileRuntime, type Environment, readConfiguration } from './load-runtime.ts'

export interface ReloadReport {
  readonly changed: boolean
  readonly succeeded: boolean
  readonly diagnostics: readonly Diagnostic[]
  /** Files to watch from now on. */
  readonly files: readonly string[]
}

/** When and how the configuration was last read, for `GET /config/status`. */
export interface ReloadHistory {
  readonly lastAttemptAt: number | null
  readonly lastSuccessAt: number | null
  readonly lastError: string | null
  /** How often a configuration was read anew and accepted since the start. */
  readonly reloads: number
}

/**
 * Holds the configuration in force. `reload` reads everything anew, compiles it aside and swaps one pointer;
 * requests under way keep what they were admitted under. A configuration with errors changes nothing.
 */
export class ConfigurationHolder {
  readonly states: DeploymentStates
  /** Hears of every configuration that takes the place of another. */
  onChange: ((before: GatewayConfig, after: GatewayConfig) => void) | null = null
  /** Reached as models under every configuration. */
  readonly agents = new AgentsAsModels()
  readonly #flags: ConfigFlags
  readonly #env: Environment
  readonly #prices: PriceTable
  readonly #now: () => number
  #managed: ManagedEntries = noManagedEntries
  #document: ConfigDocument | null
  #overrides: SettingOverrides = new Map()
  #compiled: CompiledRuntime
  #history: ReloadHistory = { lastAttemptAt: null, lastSuccessAt: null, lastError: null, reloads: 0 }

  constructor(options: {
    config: GatewayConfig
    flags: ConfigFlags
    env: Environment
    /** What takes the place of the file. */
    document?: ConfigDocument | null
    prices: PriceTable
    now: () => number
  }) {
    this.#flags = options.flags
    this.#env = options.env
    this.#document = options.document ?? null
    this.#prices = options.prices
    this.#now = options.now
    this.states = new DeploymentStates(sharesState(options.config))
    this.#compiled = compileRuntime(options.config, this.states, options.prices, this.agents)
  }

  get runtime(): Runtime {
    return this.#compiled.runtime
  }

  get strategy(): Strategy {
    return this.#compiled.strategy
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#compiled.diagnostics
  }

  get history(): ReloadHistory {
    return this.#history
  }

  /** What is configured beside files and environment, from the next reload on. */
  manage(entries: ManagedEntries): void {
    this.#managed = entries
  }

  /** What takes the place of the file, from the next reload on. */
  follow(document: ConfigDocument): void {
    this.#document = document
  }

  /** What counts before every other source, from the next reload on. */
  override(overrides: SettingOverrides): void {
    this.#overrides = overrides
  }

  /** What a reload would read if these were the managed entries, or the overrides. */
  readWith({
    managed = this.#managed,
    overrides = this.#overrides,
  }: {
    readonly managed?: ManagedEntries
    readonly overrides?: SettingOverrides
  }): LoadedConfig {
    return readConfiguration(this.#flags, this.#env, { managed, overrides, document: this.#document })
  }

  reload(): ReloadReport {
    const at = this.#now()
    const loaded = this.readWith({})
    const errors = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
    if (loaded.config === null) {
      const lastError = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
      this.#history = { ...this.#history, lastAttemptAt: at, lastError }
      return { changed: false, succeeded: false, diagnostics: loaded.diagnostics, files: loaded.files }
    }
    const changed = loaded.config.versionHash !== this.runtime.config.versionHash
    const config = keepRestartOnly(loaded.config, this.runtime.config)
    const compiled = changed ? this.#compile(config) : this.#compiled
    const before = this.runtime.config
    this.#swap(compiled)
    if (changed) this.onChange?.(before, config)
    const reloads = this.#history.reloads + 1
    this.#history = { lastAttemptAt: at, lastSuccessAt: at, lastError: null, reloads }
    return {
      changed,
      succeeded: true,
      diagnostics: [...loaded.diagnostics, ...compiled.diagnostics],
      files: loaded.files,
    }
  }

  /** Prices came from elsewhere: the same configuration is compiled with the new ones. */
  recompile(): void {
    this.#swap(this.#compile(this.runtime.config))
  }

  /** Policies that cannot be used leave those in force where they are. */
  #compile(config: GatewayConfig): CompiledRuntime {
    const { policies } = this.runtime
    const current = policies?.engine == null ? null : policies
    return compileRuntime(config, this.states, this.#prices, this.agents, current)
  }

  #swap(compiled: CompiledRuntime): void {
    this.#compiled = compiled
    this.states.retain(compiled.runtime.routing.deploymentIds)
  }
}

/** Whether other workers or replicas act as one gateway with this process. */
export function sharesState({ server, storage }: GatewayConfig): boolean {
  return server.workers > 1 || storage.redisUrl !== null
}

/** Address, workers, storage, plugins, the configured keys and the place of the configuration only change with a restart. */
function keepRestartOnly(next: GatewayConfig, current: GatewayConfig): GatewayConfig {
  const { host, port, workers, tls, rootPath } = current.server
  return {
    ...next,
    identity: current.identity,
    storage: current.storage,
    configSync: current.configSync,
    plugins: current.plugins,
    server: { ...next.server, host, port, workers, tls, rootPath },
  }
}
