import { GatewayError } from '@routeiq/contract'
import type { McpDeclaredTool, McpServerSettings } from '../../config/config.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { ServerSecrets } from './server-secrets.ts'
import type { DefinitionKind, DefinitionPin, McpServerStore, StoredServer } from './server-store.ts'

export interface McpRegistryOptions {
  readonly store: McpServerStore
  readonly secrets: ServerSecrets
  /** `mcp_servers` of the configuration in force. */
  readonly configured: () => readonly McpServerSettings[]
  /** Hears of every change that this process sees, whoever made it. */
  readonly onChange: (registry: McpRegistry) => void
  /** Tells other processes of a change made here. */
  readonly announce: () => void
  /** A server was removed here: what else is kept of it goes, too. */
  readonly onRemoved: (serverId: string) => Promise<void>
  readonly onUnreadable: (serverId: string) => void
}

/** The tool servers of the file and of the database, in memory, and what is pinned of their definitions. */
export class McpRegistry {
  readonly #options: McpRegistryOptions
  #configured: readonly McpServerSettings[] = []
  #epoch = -1
  #servers: readonly McpServer[] = []
  #byId = new Map<string, McpServer>()
  #pins = new Map<string, DefinitionPin>()
  #reading: Promise<void> = Promise.resolve()

  constructor(options: McpRegistryOptions) {
    this.#options = options
  }

  /** In the order of their aliases. */
  get servers(): readonly McpServer[] {
    return this.#servers
  }

  find(serverId: string): McpServer | null {
    return this.#byId.get(serverId) ?? null
  }

  /** The definition that may be used under a name. */
  findPin(serverId: string, kind: DefinitionKind, name: string): DefinitionPin | null {
    return this.#pins.get(pinKey(serverId, kind, name)) ?? null
  }

  get pins(): Iterable<DefinitionPin> {
    return this.#pins.values()
  }

  /** Reads what has changed since the last time, one reading after the other. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.catch(() => {}).then(() => this.#refresh())
    return this.#reading
  }

  /**
   * Keeps a server. Errors: 409 `conflict` when the id (`create`) or the alias is taken, 409 `config_managed` for one of
   * the file, 404 `server_not_found` when there is nothing to `replace`.
   */
  async write(
    settings: McpServerSettings,
    mode: 'create' | 'replace' | 'either',
    actor: string | null,
  ): Promise<McpServer> {
    this.#requireOwn(settings.serverId)
    const alias = (settings.alias ?? settings.serverId).toLowerCase()
    const rival = this.#servers.find(
      (server) => server.settings.serverId !== settings.serverId && aliasOf(server).toLowerCase() === alias,
    )
    if (rival !== undefined) {
      throw new GatewayError('conflict', `Another server has the alias ${alias}. Choose another one.`, {
        param: 'alias',
      })
    }
    const { open, sealed } = this.#options.secrets.split(settings)
    const stored = { serverId: settings.serverId, settings: open, secrets: sealed, actor }
    if (!(await this.#options.store.write(stored, mode))) {
      throw mode === 'create'
        ? new GatewayError('conflict', `A server with the id ${settings.serverId} is there already.`)
        : serverNotFound(settings.serverId)
    }
    await this.#announce()
    const server = this.find(settings.serverId)
    if (server === null) throw serverNotFound(settings.serverId)
    return server
  }

  /** Errors: 404 `server_not_found`, 409 `config_managed`. */
  async remove(serverId: string): Promise<void> {
    this.#requireOwn(serverId)
    if (!(await this.#options.store.remove(serverId))) throw serverNotFound(serverId)
    await this.#options.onRemoved(serverId)
    await this.#announce()
  }

  /** Adds a tool by hand, in place of one with its name. Errors: as `write`. */
  async declareTool(serverId: string, tool: McpDeclaredTool, actor: string | null): Promise<void> {
    this.#requireOwn(serverId)
    const server = this.find(serverId)
    if (server === null) throw serverNotFound(serverId)
    const others = server.settings.declaredTools.filter(({ name }) => name !== tool.name)
    await this.write({ ...server.settings, declaredTools: [...others, tool] }, 'replace', actor)
  }

  async addPins(pins: readonly DefinitionPin[]): Promise<void> {
    if (pins.length === 0) return
    // Known here at once; whoever pinned first wins when the store is read.
    for (const pin of pins) this.#pins.set(pinKey(pin.serverId, pin.kind, pin.name), pin)
    await this.#options.store.addPins(pins)
  }

  async setPin(pin: DefinitionPin): Promise<void> {
    await this.#options.store.setPin(pin)
    await this.#announce()
  }

  async #announce(): Promise<void> {
    await this.refresh()
    this.#options.announce()
  }

  #requireOwn(serverId: string): void {
    if (this.find(serverId)?.source !== 'config') return
    throw new GatewayError(
      'config_managed',
      `${serverId} is a server of the configuration file; change it there.`,
    )
  }

  async #refresh(): Promise<void> {
    const { store, configured } = this.#options
    const fileServers = configured()
    const epoch = await store.epoch()
    if (epoch === this.#epoch && fileServers === this.#configured) return
    const stored = await store.read()
    this.#epoch = stored.epoch
    this.#configured = fileServers
    const before = this.#describe()
    this.#pins = new Map(stored.pins.map((pin) => [pinKey(pin.serverId, pin.kind, pin.name), pin]))
    this.#adopt([
      ...fileServers.map(fromConfiguration),
      ...stored.servers.flatMap((server) => this.#fromStore(server)),
    ])
    if (before !== this.#describe()) this.#options.onChange(this)
  }

  /** Equal when nothing has changed that others could notice. */
  #describe(): string {
    const servers = this.#servers.map(({ settings, revision }) => `${settings.serverId} ${revision}`)
    const pins = [...this.#pins].map(([key, { digest }]) => `${key} ${digest}`)
    return JSON.stringify([servers, pins.sort()])
  }

  /** Of two with one id or alias the first counts: the file's own. */
  #adopt(servers: readonly McpServer[]): void {
    const before = this.#byId
    const byId = new Map<string, McpServer>()
    const aliases = new Set<string>()
    for (const server of servers) {
      const { serverId } = server.settings
      const alias = aliasOf(server).toLowerCase()
      if (byId.has(serverId) || aliases.has(alias)) continue
      aliases.add(alias)
      const known = before.get(serverId)
      byId.set(serverId, known !== undefined && known.revision === server.revision ? known : server)
    }
    this.#byId = byId
    this.#servers = [...byId.values()].sort((a, b) => compareText(aliasOf(a), aliasOf(b)))
  }

  #fromStore(stored: StoredServer): McpServer[] {
    const settings = this.#options.secrets.join(stored.settings, stored.secrets)
    if (settings === null) {
      this.#options.onUnreadable(stored.serverId)
      return []
    }
    return [
      {
        settings,
        source: 'database',
        revision: `db-${stored.revision}`,
        createdAt: new Date(stored.createdAt).toISOString(),
        createdBy: stored.createdBy,
        updatedAt: new Date(stored.updatedAt).toISOString(),
        updatedBy: stored.updatedBy,
      },
    ]
  }
}

export function serverNotFound(serverId: string): GatewayError {
  return new GatewayError('server_not_found', `There is no tool server ${serverId}.`)
}

/** Byte order, the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function fromConfiguration(settings: McpServerSettings): McpServer {
  return {
    settings,
    source: 'config',
    revision: `file-${JSON.stringify(settings)}`,
    createdAt: null,
    createdBy: null,
    updatedAt: null,
    updatedBy: null,
  }
}

function pinKey(serverId: string, kind: DefinitionKind, name: string): string {
  return `${serverId}\n${kind}\n${name}`
}
