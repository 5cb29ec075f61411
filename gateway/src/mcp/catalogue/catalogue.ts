import type { McpServer } from '../server.ts'
import { neverAsked, type ServerHealth, type ServerOffer } from './server-state.ts'

/** What has changed in the offer of a server. */
export type OfferChange = 'tools' | 'prompts' | 'resources'

export type CatalogueListener = (serverId: string, changes: ReadonlySet<OfferChange>) => void

interface Entry {
  readonly revision: string
  readonly offer: ServerOffer | null
  readonly health: ServerHealth
}

/** What all servers offer and how they do, in memory. Requests read it; nobody waits for a server here. */
export class Catalogue {
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<CatalogueListener>()
  #version = 0

  /** Another number whenever what callers may see could have changed. */
  get version(): number {
    return this.#version
  }

  offerOf({ settings, revision }: McpServer): ServerOffer | null {
    const entry = this.#entries.get(settings.serverId)
    return entry?.revision === revision ? entry.offer : null
  }

  healthOf({ settings, revision }: McpServer): ServerHealth {
    const entry = this.#entries.get(settings.serverId)
    return entry?.revision === revision ? entry.health : neverAsked
  }

  /** A server has answered: `offer` replaces what was known. */
  setOffer(server: McpServer, offer: ServerOffer, health: ServerHealth): void {
    const before = this.offerOf(server)
    this.#entries.set(server.settings.serverId, { revision: server.revision, offer, health })
    const changes = listChanges(before, offer)
    if (changes.size === 0) return
    this.#version += 1
    for (const listener of this.#listeners) listener(server.settings.serverId, changes)
  }

  /** A server has not answered: what it offered before stays. */
  setHealth(server: McpServer, health: ServerHealth): void {
    const offer = this.offerOf(server)
    this.#entries.set(server.settings.serverId, { revision: server.revision, offer, health })
  }

  /** Servers or pins have changed. */
  adopt(servers: readonly McpServer[]): void {
    const known = new Map(servers.map((server) => [server.settings.serverId, server.revision]))
    for (const [serverId, { revision }] of this.#entries)
      if (known.get(serverId) !== revision) this.#entries.delete(serverId)
    this.#version += 1
    for (const listener of this.#listeners) listener('', allChanges)
  }

  onChange(listener: CatalogueListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const allChanges: ReadonlySet<OfferChange> = new Set(['tools', 'prompts', 'resources'])

function listChanges(before: ServerOffer | null, after: ServerOffer): ReadonlySet<OfferChange> {
  if (before === null) return allChanges
  const changes = new Set<OfferChange>()
  const digests = (items: ServerOffer['tools']): string => items.map(({ digest }) => digest).join()
  if (digests(before.tools) !== digests(after.tools)) changes.add('tools')
  if (digests(before.prompts) !== digests(after.prompts)) changes.add('prompts')
  const isSame =
    digests(before.templates) === digests(after.templates) &&
    JSON.stringify(before.resources) === JSON.stringify(after.resources)
  if (!isSame) changes.add('resources')
  return changes
}
