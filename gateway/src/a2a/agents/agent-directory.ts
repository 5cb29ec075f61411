import type { RemoteAgentStore } from '../a2a-store.ts'
import type { RemoteAgent } from './remote-agent.ts'

export interface AgentDirectoryOptions {
  readonly store: Pick<RemoteAgentStore, 'listAgents' | 'findAgent' | 'agentsVersion'>
  /** Those of the configuration in force; of equal names they win. */
  readonly configured: () => readonly RemoteAgent[]
}

/** All agents, in memory: finding one costs a look-up, and a change costs the one that changed, however many there are. */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions
  #version = ''
  #stored = new Map<string, RemoteAgent>()
  #configured: readonly RemoteAgent[] = []
  #byName = new Map<string, RemoteAgent>()
  #byId = new Map<string, RemoteAgent>()
  /** By name; null until somebody wants to see them in order. */
  #sorted: readonly RemoteAgent[] | null = null
  #reading: Promise<void> = Promise.resolve()

  constructor(options: AgentDirectoryOptions) {
    this.#options = options
    this.#index()
  }

  /** By name order. */
  list(): readonly RemoteAgent[] {
    this.#followConfiguration()
    this.#sorted ??= [...this.#byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
    return this.#sorted
  }

  find(idOrName: string): RemoteAgent | null {
    this.#followConfiguration()
    return this.#byId.get(idOrName) ?? this.#byName.get(idOrName) ?? null
  }

  /** Reads the stored agents again. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#readAll())
  }

  /** Reads one stored agent again. */
  refreshAgent(agentId: string): Promise<void> {
    return this.#inTurn(() => this.#readOne(agentId))
  }

  /** Reads them again when somebody has changed them. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if ((await this.#options.store.agentsVersion()) !== this.#version) await this.#readAll()
    })
  }

  /** What was read earlier must not replace what was read later. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    const turn = this.#reading.then(read)
    this.#reading = turn.catch(() => {})
    return turn
  }

  async #readAll(): Promise<void> {
    const version = await this.#options.store.agentsVersion()
    const agents = await this.#options.store.listAgents()
    this.#stored = new Map(agents.map((agent) => [agent.agentId, agent]))
    this.#version = version
    this.#index()
  }

  async #readOne(agentId: string): Promise<void> {
    const agent = await this.#options.store.findAgent(agentId)
    const before = this.#stored.get(agentId)
    if (before !== undefined) {
      this.#stored.delete(agentId)
      if (this.#byName.get(before.name) === before) this.#byName.delete(before.name)
      if (this.#byId.get(agentId) === before) this.#byId.delete(agentId)
    }
    if (agent !== null) {
      this.#stored.set(agentId, agent)
      this.#add(agent)
    }
    this.#sorted = null
  }

  #followConfiguration(): void {
    if (this.#options.configured() !== this.#configured) this.#index()
  }

  #index(): void {
    this.#configured = this.#options.configured()
    this.#byName = new Map()
    this.#byId = new Map()
    this.#sorted = null
    for (const agent of [...this.#configured, ...this.#stored.values()]) this.#add(agent)
  }

  /** Agents of the configuration come first, and keep their names. */
  #add(agent: RemoteAgent): void {
    const namesake = this.#byName.get(agent.name)
    if (namesake?.origin === 'configuration' && namesake !== agent) return
    this.#byName.set(agent.name, agent)
    this.#byId.set(agent.agentId, agent)
  }
}
