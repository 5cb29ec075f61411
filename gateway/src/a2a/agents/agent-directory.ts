import type { RemoteAgentStore } from '../a2a-store.ts'
import type { RemoteAgent } from './remote-agent.ts'

export interface AgentDirectoryOptions {
  readonly store: Pick<RemoteAgentStore, 'listAgents' | 'agentsVersion'>
  /** Those of the configuration in force; of equal names they win. */
  readonly configured: () => readonly RemoteAgent[]
}

/** All agents, in memory: finding one costs a look-up, however many there are. */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions
  #version = ''
  #stored: readonly RemoteAgent[] = []
  #configured: readonly RemoteAgent[] = []
  #byName = new Map<string, RemoteAgent>()
  #byId = new Map<string, RemoteAgent>()

  constructor(options: AgentDirectoryOptions) {
    this.#options = options
    this.#index()
  }

  /** By name order. */
  list(): readonly RemoteAgent[] {
    this.#followConfiguration()
    return [...this.#byName.values()]
  }

  find(idOrName: string): RemoteAgent | null {
    this.#followConfiguration()
    return this.#byId.get(idOrName) ?? this.#byName.get(idOrName) ?? null
  }

  /** Reads the stored agents again. */
  async refresh(): Promise<void> {
    const version = await this.#options.store.agentsVersion()
    this.#stored = await this.#options.store.listAgents()
    this.#version = version
    this.#index()
  }

  /** Reads them again when somebody has changed them. */
  async follow(): Promise<void> {
    if ((await this.#options.store.agentsVersion()) !== this.#version) await this.refresh()
  }

  #followConfiguration(): void {
    if (this.#options.configured() !== this.#configured) this.#index()
  }

  #index(): void {
    this.#configured = this.#options.configured()
    const names = new Set(this.#configured.map(({ name }) => name))
    const stored = this.#stored.filter(({ name }) => !names.has(name))
    const all = [...this.#configured, ...stored].sort((left, right) => (left.name < right.name ? -1 : 1))
    this.#byName = new Map(all.map((agent) => [agent.name, agent]))
    this.#byId = new Map(all.map((agent) => [agent.agentId, agent]))
  }
}
