import { GatewayError } from '@routeiq/contract'
import type { McpDeclaredTool, McpServerSettings } from '../../config/config.ts'
import { isReserved } from '../../config/settings/mcp-server-body.ts'
import { aliasOf, isNameOf, type McpServer } from '../server.ts'
import type { ServerSecrets } from './server-secrets.ts'
import type {
  DefinitionKind,
  DefinitionPin,
  McpServerStore,
  StoredServer,
  ToolsetWrite,
} from './server-store.ts'
import { isToolsetName, type Toolset } from './toolset.ts'

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
  #toolsets: readonly Toolset[] = []
  #reading: Promise<void> = Promise.resolve()

  constructor(options: McpRegistryOptions) {
    this.#options = options
  }

  /** In the order of their aliases. */
  get servers(): readonly McpServer[] {
    return this.#servers
  }

  /** In the order of their names. */
  get toolsets(): readonly Toolset[] {
    return this.#toolsets
  }

  findToolset(toolsetId: string): Toolset | null {
    return this.#toolsets.find((toolset) => toolset.toolsetId === toolsetId) ?? null
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
    this.#requireFreeAlias(settings)
    const { open, sealed } = this.#options.secrets.split(settings)
    const stored = { serverId: settings.serverId, settings: open, secrets: sealed, actor }
    if (!(await this.#options.store.write(stored, mode))) {
      throw mode === 'create' ? serverExists(settings.serverId) : serverNotFound(settings.serverId)
    }
    await this.#announce()
    const server = this.find(settings.serverId)
    if (server === null) throw serverNotFound(settings.serverId)
    return server
  }

  /** Errors: 409 `conflict` when the id or the alias of a server is taken. */
  requireFree(settings: McpServerSettings): void {
    if (this.find(settings.serverId) !== null) throw serverExists(settings.serverId)
    this.#requireFreeAlias(settings)
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

  /**
   * Keeps a toolset, in place of one with its id. Errors: 409 `conflict` when its name is that of another toolset or of a
   * server, 404 `server_not_found` for a tool of a server that is not there.
   */
  async writeToolset(toolset: ToolsetWrite, actor: string | null): Promise<Toolset> {
    const { toolsetId, name, tools } = toolset
    const missing = tools.find(({ serverId }) => this.find(serverId) === null)
    if (missing !== undefined) throw serverNotFound(missing.serverId)
    if (this.#servers.some((server) => isNameOf(server, name)) || isReserved(name))
      throw new GatewayError('conflict', `A server is called ${name}, or the word is reserved.`, {
        param: 'toolset_name',
      })
    if (!(await this.#options.store.writeToolset(toolset, actor)))
      throw new GatewayError('conflict', `Another toolset is called ${name}.`, { param: 'toolset_name' })
    await this.#announce()
    const written = this.findToolset(toolsetId)
    if (written === null) throw new GatewayError('not_found', `The toolset ${toolsetId} is gone already.`)
    return written
  }

  /** False when there was none. */
  async removeToolset(toolsetId: string): Promise<boolean> {
    const isRemoved = await this.#options.store.removeToolset(toolsetId)
    await this.#announce()
    return isRemoved
  }

  async #announce(): Promise<void> {
    await this.refresh()
    this.#options.announce()
  }

  #requireFreeAlias({ serverId, alias }: McpServerSettings): void {
    const wanted = (alias ?? serverId).toLowerCase()
    const isTaken = this.#servers.some(
      (server) => server.settings.serverId !== serverId && aliasOf(server).toLowerCase() === wanted,
    )
    if (!isTaken && !this.#toolsets.some((toolset) => isToolsetName(toolset, wanted))) return
    throw new GatewayError(
      'conflict',
      `Another server or toolset has the alias ${wanted}. Choose another one.`,
      { param: 'alias' },
    )
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
    this.#toolsets = stored.toolsets
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
    return JSON.stringify([servers, pins.sort(), this.#toolsets])
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

function serverExists(serverId: string): GatewayError {
  return new GatewayError('conflict', `A server with the id ${serverId} is there already.`)
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
