import type { Toolset } from './toolset.ts'

/** A tool server as it is kept. Times are epoch milliseconds. */
export interface StoredServer {
  readonly serverId: string
  /** `McpServerSettings` without what is secret. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Sealed; null when there is nothing secret. */
  readonly secrets: string | null
  /** Differs after every change. */
  readonly revision: number
  readonly createdAt: number
  readonly createdBy: string | null
  readonly updatedAt: number
  readonly updatedBy: string | null
}

export interface ServerWrite extends Pick<StoredServer, 'serverId' | 'settings' | 'secrets'> {
  /** Who writes: the digest of a key. */
  readonly actor: string | null
}

export type DefinitionKind = 'tool' | 'prompt' | 'template'

/** The definition that callers may use under a name. */
export interface DefinitionPin {
  readonly serverId: string
  readonly kind: DefinitionKind
  readonly name: string
  /** SHA-256 hex over the canonical definition. */
  readonly digest: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly pinnedBy: string | null
}

/** What one reading of the store sees. */
interface StoredRegistry {
  readonly epoch: number
  readonly servers: readonly StoredServer[]
  readonly pins: readonly DefinitionPin[]
  /** In the order of their names. */
  readonly toolsets: readonly Toolset[]
}

export type ToolsetWrite = Pick<Toolset, 'toolsetId' | 'name' | 'description' | 'tools'>

/** Where registered tool servers are kept. Rejects with `storage_unavailable` when the database is away. */
export interface McpServerStore {
  /** Rises with every change. */
  epoch(): Promise<number>
  read(): Promise<StoredRegistry>
  /** False when `create` finds the id taken, or `replace` finds nothing. */
  write(server: ServerWrite, mode: 'create' | 'replace' | 'either'): Promise<boolean>
  /** With everything that belongs to it. False when there was none. */
  remove(serverId: string): Promise<boolean>
  /** Pins names that have no pin yet. */
  addPins(pins: readonly DefinitionPin[]): Promise<void>
  /** Pins a name, in place of what was pinned before. */
  setPin(pin: DefinitionPin): Promise<void>
  /** In place of one with its id. False when another has its name. */
  writeToolset(toolset: ToolsetWrite, actor: string | null): Promise<boolean>
  /** False when there was none. */
  removeToolset(toolsetId: string): Promise<boolean>
}
