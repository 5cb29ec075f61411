import type { McpConfig } from '../../config/config.ts'
import type { ObjectPermission } from '../../deployments/resolve-model.ts'
import type { Caller } from '../../identity/caller.ts'
import { type FindAgentPermission, permissionsOf } from '../../identity/object-grants.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { McpRegistry } from '../registry/mcp-registry.ts'
import { isNameOf, type McpServer } from '../server.ts'
import { buildView, type CatalogueView } from './catalogue-view.ts'
import { grantedTools, type McpGrants, maySee, readGrants } from './grants.ts'
import { type ServerScope, selectServers } from './select-servers.ts'

const maxKept = 500

export interface ViewsOptions {
  readonly registry: McpRegistry
  readonly catalogue: Catalogue
  readonly config: () => McpConfig
  readonly findAgentPermission: FindAgentPermission
}

/** Which servers a request names. */
export interface Selection {
  /** Alias, id, access group, toolset, or a comma list of these; null for every server. */
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
  readonly #grants = new WeakMap<
    Caller,
    { readonly agent: ObjectPermission | null; readonly grants: McpGrants }
  >()

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** Null when the selection names nothing the caller may see. */
  find(caller: Caller, { selector, narrowed = null }: Selection): CatalogueView | null {
    this.#forgetOld()
    const grants = this.#grantsOf(caller)
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
    return this.#visible(this.#grantsOf(caller))
  }

  #visible(grants: McpGrants): readonly McpServer[] {
    const { registry, config } = this.#options
    const { enforcesAccessGroups } = config()
    return registry.servers.filter((server) =>
      maySee(grants, server, enforcesAccessGroups, registry.toolsets),
    )
  }

  /** Computed once for each caller the authenticator knows, and again when the agent it is for has changed. */
  #grantsOf(caller: Caller): McpGrants {
    const { findAgentPermission } = this.#options
    const { agentId } = caller.objects
    const agent = agentId === null ? null : findAgentPermission(agentId)
    const known = this.#grants.get(caller)
    if (known !== undefined && known.agent === agent) return known.grants
    const grants = readGrants(
      caller,
      permissionsOf(caller.objects, () => agent),
    )
    this.#grants.set(caller, { agent, grants })
    return grants
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
    const { toolsets } = registry
    const visible: ServerScope = new Map(
      this.#visible(grants).map((server) => [server, grantedTools(grants, server, toolsets)]),
    )
    const selected = selector === null ? visible : selectServers(visible, selector, toolsets)
    if (selector !== null && selected.size === 0) return null
    const scope = narrowed === null ? selected : selectServers(selected, narrowed, toolsets)
    const servers = [...scope.keys()]
    return buildView({
      catalogue,
      scope,
      isSingle: selector !== null && servers.length === 1 && servers.every((one) => isNameOf(one, selector)),
      grants,
      config: config(),
      isApproved: ({ settings }, { kind, name, digest }) =>
        registry.findPin(settings.serverId, kind, name)?.digest === digest,
    })
  }
}
