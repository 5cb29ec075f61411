/** Where Claude Code finds a plugin: a marketplace that is added by its address knows no files beside it. */
type PluginSource =
  | ({ readonly source: 'github'; readonly repo: string } & PluginRevision)
  | ({ readonly source: 'url'; readonly url: string } & PluginRevision)
  | ({ readonly source: 'git-subdir'; readonly url: string; readonly path: string } & PluginRevision)

interface PluginRevision {
  readonly ref?: string | undefined
  readonly sha?: string | undefined
}

/** What people read of a plugin. */
interface PluginManifest {
  readonly description?: string | undefined
  readonly version?: string | undefined
  readonly author?: { readonly name: string; readonly email?: string | undefined } | undefined
  readonly category?: string | undefined
  readonly keywords?: readonly string[] | undefined
  readonly homepage?: string | undefined
  readonly domain?: string | undefined
  readonly namespace?: string | undefined
}

/** A plugin of Claude Code. Times are epoch milliseconds. */
export interface Plugin {
  readonly id: string
  readonly name: string
  readonly source: PluginSource
  readonly manifest: PluginManifest
  readonly isEnabled: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

/** The plugins the marketplace may name. Rejects with `storage_unavailable` when the database does not answer. */
export interface PluginStore {
  /** By name. */
  list(): Promise<readonly Plugin[]>
  /** Makes a plugin, enabled, or changes the one of this name. */
  save(
    plugin: Pick<Plugin, 'name' | 'source' | 'manifest'>,
  ): Promise<{ readonly plugin: Plugin; readonly isNew: boolean }>
  /** Whether there was one. */
  enable(name: string, isEnabled: boolean): Promise<boolean>
  delete(name: string): Promise<boolean>
}
