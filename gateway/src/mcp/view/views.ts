import type { McpConfig } from '../../config/config.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { McpRegistry } from '../registry/mcp-registry.ts'
import { isNameOf, type McpServer } from '../server.ts'
import { buildView, type CatalogueView } from './catalogue-view.ts'
import { grantsOf, type McpGrants, maySee } from './grants.ts'

const maxKept = 500

export interface ViewsOptions {
  readonly registry: McpRegistry
  readonly catalogue: Catalogue
  readonly config: () => McpConfig
}

/** Which servers a request names. */
export interface Selection {
  /** Alias, id, access group, or a comma list of these; null for every server. */
  readonly selector: string | null
  /** Names or groups that narrow it further. */
  readonly narrowed?: string | null
}

/** Views by what the caller may see and what was selected; kept until the catalogue changes. */
export class Views {
  readonly #options: ViewsOptions
  #version = -1
  #config: McpConfig | null = null
  readonly #kept = new Map<string, CatalogueView>()

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** Null when the selection names nothing the caller may see. */
  find(caller: Caller, { selector, narrowed = null }: Selection): CatalogueView | null {
    this.#forgetOld()
    const grants = grantsOf(caller)
    const key = JSON.stringify([grants.key, selector, narrowed])
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const view = this.#build(grants, selector, narrowed)
    if (view === null) return null
    if (this.#kept.size >= maxKept) this.#kept.clear()
    this.#kept.set(key, view)
    return view
  }

  /** The servers a caller may know of, in order. */
  visibleServers(caller: Caller): readonly McpServer[] {
    const { registry, config } = this.#options
    const grants = grantsOf(caller)
    const { enforcesAccessGroups } = config()
    return registry.servers.filter((server) => maySee(grants, server, enforcesAccessGroups))
  }

  #forgetOld(): void {
    const { catalogue, config } = this.#options
    if (catalogue.version === this.#version && config() === this.#config) return
    this.#version = catalogue.version
    this.#config = config()
    this.#kept.clear()
  }

  #build(grants: McpGrants, selector: string | null, narrowed: string | null): CatalogueView | null {
    const { registry, catalogue, config } = this.#options
    const { enforcesAccessGroups } = config()
    const visible = registry.servers.filter((server) => maySee(grants, server, enforcesAccessGroups))
    const selected = selector === null ? visible : select(visible, selector)
    if (selector !== null && selected.length === 0) return null
    const servers = narrowed === null ? selected : select(selected, narrowed)
    return buildView({
      catalogue,
      servers,
      isSingle: selector !== null && servers.length === 1 && servers.every((one) => isNameOf(one, selector)),
      grants,
      config: config(),
      isApproved: ({ settings }, { kind, name, digest }) =>
        registry.findPin(settings.serverId, kind, name)?.digest === digest,
    })
  }
}

function select(servers: readonly McpServer[], selector: string): McpServer[] {
  const words = selector
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  return servers.filter((server) =>
    words.some((word) => isNameOf(server, word) || server.settings.accessGroups.includes(word)),
  )
}
