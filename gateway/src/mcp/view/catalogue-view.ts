import type { McpConfig } from '../../config/config.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Definition, Description } from '../catalogue/definition.ts'
import type { ServerOffer } from '../catalogue/server-state.ts'
import { compareText } from '../registry/mcp-registry.ts'
import type { DefinitionKind } from '../registry/server-store.ts'
import { aliasOf, type McpServer } from '../server.ts'
import { type McpGrants, mayUseTool } from './grants.ts'
import type { ServerScope } from './select-servers.ts'

/** A tool, prompt or template of a view. */
export interface ViewItem {
  readonly server: McpServer
  readonly kind: DefinitionKind
  /** The name at its server. */
  readonly name: string
  /** The name callers see. */
  readonly emitted: string
  readonly definition: Definition
  /** What callers are shown: the server's description with our name and our words. */
  readonly description: Description
  /** Its definition is not the one that was approved, or none was. */
  readonly isQuarantined: boolean
  /** Registered by hand, and not offered by the server. */
  readonly isDeclared: boolean
}

interface ViewResource {
  readonly server: McpServer
  readonly uri: string
  readonly description: Description
}

/** What a name stands for. */
type Lookup = { readonly item: ViewItem } | { readonly candidates: readonly string[] } | null

/** What one caller sees of a selection of servers. */
export interface CatalogueView {
  readonly servers: readonly McpServer[]
  readonly offers: ReadonlyMap<McpServer, ServerOffer>
  /** A single server keeps its own names. */
  readonly isSingle: boolean
  /** What lists show, in order. */
  readonly tools: readonly ViewItem[]
  readonly prompts: readonly ViewItem[]
  readonly templates: readonly ViewItem[]
  readonly resources: readonly ViewResource[]
  readonly instructions: string | null
  findTool(name: string): Lookup
  findPrompt(name: string): Lookup
  findResource(uri: string): ViewResource | null
}

export interface ViewOptions {
  readonly catalogue: Catalogue
  readonly scope: ServerScope
  readonly isSingle: boolean
  readonly grants: McpGrants
  readonly config: Pick<McpConfig, 'toolPrefix' | 'lint'>
  readonly isApproved: (server: McpServer, definition: Definition) => boolean
}

/** Builds a view. Costs as much as there is to see, so views are kept until the catalogue changes. */
export function buildView(options: ViewOptions): CatalogueView {
  const { scope, isSingle, catalogue } = options
  const servers = [...scope.keys()]
  // Of servers that only lend some tools, nothing else is there.
  const whole = servers.filter((server) => scope.get(server) === null)
  const offers = new Map(
    servers.flatMap((server) => {
      const offer = catalogue.offerOf(server)
      return offer === null ? [] : [[server, offer] as const]
    }),
  )
  const tools = nameItems(
    servers.flatMap((server) => listTools(server, offers.get(server) ?? null, options)),
    options,
  )
  const prompts = nameItems(
    whole.flatMap((server) => listPlain(server, offers.get(server)?.prompts ?? [], options)),
    options,
  )
  const templates = whole.flatMap((server) => listPlain(server, offers.get(server)?.templates ?? [], options))
  const isShown = ({ isQuarantined }: ViewItem): boolean => !isQuarantined || options.grants.isAdmin
  const resources = listResources(whole, offers)
  const byUri = new Map<string, ViewResource>()
  for (const resource of resources) if (!byUri.has(resource.uri)) byUri.set(resource.uri, resource)
  return {
    servers,
    offers,
    isSingle,
    tools: tools.listed.filter(isShown),
    prompts: prompts.listed.filter(isShown),
    templates: templates.filter(isShown),
    resources: [...byUri.values()],
    instructions: joinInstructions(servers, offers),
    findTool: lazily(() => indexNames(tools.all)),
    findPrompt: lazily(() => indexNames(prompts.all)),
    findResource: (uri) => byUri.get(uri) ?? null,
  }
}

type Unnamed = Omit<ViewItem, 'emitted'>

/** The tools a server offers, and those registered by hand that it does not. */
function listTools(server: McpServer, offer: ServerOffer | null, options: ViewOptions): Unnamed[] {
  const { settings } = server
  const offered = (offer?.tools ?? []).map((definition) => itemOf(server, definition, options))
  const known = new Set(offered.map(({ name }) => name))
  const declared = settings.declaredTools
    .filter(({ name }) => !known.has(name))
    .map(({ name, description, inputSchema }): Unnamed => {
      const shown = {
        name,
        ...(description !== null && { description }),
        inputSchema: inputSchema ?? { type: 'object' },
        _meta: { 'routeiq/declared': true },
      }
      const definition = {
        kind: 'tool',
        name,
        description: shown,
        digest: '',
        findings: [],
        isUnfit: false,
      } as const
      return {
        server,
        kind: 'tool',
        name,
        definition,
        description: shown,
        isQuarantined: false,
        isDeclared: true,
      }
    })
  return [...offered, ...declared]
    .filter(({ name }) => options.scope.get(server)?.has(name) !== false)
    .filter(({ name }) => mayUseTool(options.grants, server, name))
    .sort((a, b) => compareText(a.name, b.name))
}

function listPlain(server: McpServer, definitions: readonly Definition[], options: ViewOptions): ViewItem[] {
  return definitions
    .map((definition) => ({ ...itemOf(server, definition, options), emitted: definition.name }))
    .sort((a, b) => compareText(a.name, b.name))
}

function itemOf(server: McpServer, definition: Definition, options: ViewOptions): Unnamed {
  const { displayNames, displayDescriptions } = server.settings
  const title = displayNames[definition.name]
  const description = displayDescriptions[definition.name]
  const isSuspect = options.config.lint === 'quarantine' && definition.findings.length > 0
  return {
    server,
    kind: definition.kind,
    name: definition.name,
    definition,
    description: {
      ...definition.description,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
    },
    isQuarantined: isSuspect || definition.isUnfit || !options.isApproved(server, definition),
    isDeclared: false,
  }
}

/** Gives every item its public name. Where two come out the same, neither is listed; other spellings reach both. */
function nameItems(
  items: readonly Unnamed[],
  { isSingle, config }: ViewOptions,
): { readonly all: readonly ViewItem[]; readonly listed: readonly ViewItem[] } {
  // What is held back takes no name from what is not.
  const isHeard = ({ isQuarantined }: Unnamed): boolean => !isQuarantined
  const owners = countBy(items.filter(isHeard), ({ name }) => name)
  const all = items.map((item): ViewItem => {
    const isBare =
      isSingle ||
      config.toolPrefix === 'never' ||
      (config.toolPrefix === 'conflict' && isHeard(item) && owners.get(item.name) === 1)
    const emitted = isBare ? item.name : `${aliasOf(item.server)}-${item.name}`
    return { ...item, emitted, description: { ...item.description, name: emitted } }
  })
  const heard = countBy(all.filter(isHeard), ({ emitted }) => emitted)
  const uses = countBy(all, ({ emitted }) => emitted)
  const isListed = (item: ViewItem): boolean => (isHeard(item) ? heard : uses).get(item.emitted) === 1
  return { all, listed: all.filter(isListed) }
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}

/**
 * Every spelling of a name, the public one first; the server's bare name when only one has it. What is held back keeps its bare
 * name from others: nobody slips into the place of a tool whose definition has changed.
 */
function indexNames(items: readonly ViewItem[]): (name: string) => Lookup {
  const levels: ReadonlyMap<string, readonly ViewItem[]>[] = [
    preferApproved(group(items, ({ emitted }) => [emitted])),
    group(items, ({ server, name }) => {
      const { serverId } = server.settings
      return [`${aliasOf(server)}-${name}`, `${serverId}.${name}`, `${serverId}__${name}`]
    }),
    group(items, ({ name }) => [name]),
  ]
  return (name) => {
    for (const level of levels) {
      const [item, ...others] = level.get(name) ?? []
      if (item === undefined) continue
      if (others.length === 0) return { item }
      return { candidates: [item, ...others].map((one) => `${one.server.settings.serverId}__${one.name}`) }
    }
    return null
  }
}

function preferApproved(
  groups: ReadonlyMap<string, readonly ViewItem[]>,
): ReadonlyMap<string, readonly ViewItem[]> {
  return new Map(
    [...groups].map(([name, items]) => {
      const approved = items.filter(({ isQuarantined }) => !isQuarantined)
      return [name, approved.length > 0 ? approved : items]
    }),
  )
}

function group(
  items: readonly ViewItem[],
  spell: (item: ViewItem) => readonly string[],
): ReadonlyMap<string, readonly ViewItem[]> {
  const groups = new Map<string, ViewItem[]>()
  for (const item of items) {
    for (const spelling of new Set(spell(item))) {
      const members = groups.get(spelling)
      if (members === undefined) groups.set(spelling, [item])
      else members.push(item)
    }
  }
  return groups
}

function listResources(
  servers: readonly McpServer[],
  offers: ReadonlyMap<McpServer, ServerOffer>,
): ViewResource[] {
  return servers.flatMap((server) => {
    const offered = (offers.get(server)?.resources ?? []).map((description) => ({
      server,
      uri: String(description['uri']),
      description,
    }))
    const known = new Set(offered.map(({ uri }) => uri))
    const declared = server.settings.declaredResources
      .filter((uri) => !known.has(uri))
      .map((uri) => ({
        server,
        uri,
        description: { uri, name: uri, _meta: { 'routeiq/declared': true } },
      }))
    return [...offered, ...declared].sort((a, b) => compareText(a.uri, b.uri))
  })
}

function joinInstructions(
  servers: readonly McpServer[],
  offers: ReadonlyMap<McpServer, ServerOffer>,
): string | null {
  const parts = servers.flatMap((server) => {
    const own = server.settings.instructions ?? offers.get(server)?.instructions ?? null
    if (own === null || own === '') return []
    return servers.length === 1 ? [own] : [`${aliasOf(server)}: ${own}`]
  })
  return parts.length === 0 ? null : parts.join('\n\n').slice(0, 16_384)
}

function lazily(build: () => (name: string) => Lookup): (name: string) => Lookup {
  let built: ((name: string) => Lookup) | null = null
  return (name) => {
    built ??= build()
    return built(name)
  }
}
