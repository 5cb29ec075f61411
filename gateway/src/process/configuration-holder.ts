import { DeploymentStates } from '../balancing/deployment-states.ts'
import type { Strategy } from '../balancing/strategy.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import { type ManagedEntries, noManagedEntries } from '../config/managed-entries.ts'
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
}

/**
 * Holds the configuration in force. `reload` reads everything anew, compiles it aside and swaps one pointer;
 * requests under way keep what they were admitted under. A configuration with errors changes nothing.
 */
export class ConfigurationHolder {
  readonly states: DeploymentStates
  /** Reached as models under every configuration. */
  readonly agents = new AgentsAsModels()
  readonly #flags: ConfigFlags
  readonly #env: Environment
  readonly #prices: PriceTable
  readonly #now: () => number
  #managed: ManagedEntries = noManagedEntries
  #compiled: CompiledRuntime
  #history: ReloadHistory = { lastAttemptAt: null, lastSuccessAt: null, lastError: null }

  constructor(options: {
    config: GatewayConfig
    flags: ConfigFlags
    env: Environment
    prices: PriceTable
    now: () => number
  }) {
    this.#flags = options.flags
    this.#env = options.env
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

  /** What a reload would read if these were the managed entries. */
  readWith(entries: ManagedEntries): LoadedConfig {
    return readConfiguration(this.#flags, this.#env, entries)
  }

  reload(): ReloadReport {
    const at = this.#now()
    const loaded = this.readWith(this.#managed)
    const errors = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
    if (loaded.config === null) {
      const lastError = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
      this.#history = { ...this.#history, lastAttemptAt: at, lastError }
      return { changed: false, succeeded: false, diagnostics: loaded.diagnostics, files: loaded.files }
    }
    const changed = loaded.config.versionHash !== this.runtime.config.versionHash
    const config = keepRestartOnly(loaded.config, this.runtime.config)
    const compiled = changed ? this.#compile(config) : this.#compiled
    this.#swap(compiled)
    this.#history = { lastAttemptAt: at, lastSuccessAt: at, lastError: null }
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

/** Address, workers, storage and the configured keys only change with a restart. */
function keepRestartOnly(next: GatewayConfig, current: GatewayConfig): GatewayConfig {
  const { host, port, workers, tls, rootPath } = current.server
  return {
    ...next,
    identity: current.identity,
    storage: current.storage,
    server: { ...next.server, host, port, workers, tls, rootPath },
  }
}
