import type { RegistryStore, ServedPublication } from '../registry/registry-store.ts'
import type { Plugin, PluginStore } from './plugin-store.ts'

interface Offer {
  /** Enabled ones, by name. */
  readonly plugins: readonly Plugin[]
  readonly skills: readonly ServedPublication[]
}

export interface MarketplaceOptions {
  readonly plugins: Pick<PluginStore, 'list'>
  readonly registry: Pick<RegistryStore, 'listServed'>
  readonly settings: () => { readonly name: string; readonly owner: string }
  /** Monotonic milliseconds. */
  readonly now: () => number
}

const keptMs = 5_000

/** What the marketplace shows to anybody, read anew at most every five seconds. */
export class Marketplace {
  readonly #options: MarketplaceOptions
  #offer: Promise<Offer> | null = null
  #readAt = Number.NEGATIVE_INFINITY

  constructor(options: MarketplaceOptions) {
    this.#options = options
  }

  /** Forgets what was read: something has changed. */
  refresh(): void {
    this.#offer = null
  }

  /** The document Claude Code adds a marketplace by. */
  async document(): Promise<object> {
    const { name, owner } = this.#options.settings()
    const { plugins } = await this.#read()
    const entries = plugins.map((plugin) => {
      const { domain: _domain, namespace: _namespace, ...manifest } = plugin.manifest
      return { name: plugin.name, source: plugin.source, ...manifest }
    })
    return { name, owner: { name: owner }, plugins: entries }
  }

  /** Enabled plugins and public skills in one list. */
  async hub(): Promise<object> {
    const { plugins, skills } = await this.#read()
    const rows = [
      ...plugins.map(({ id, name, source, manifest }) => ({ type: 'plugin', id, name, source, ...manifest })),
      ...skills.map(({ skillId, name, description }) => ({
        ...{ type: 'skill', id: skillId, name, source: null, description },
      })),
    ].sort((one, other) => (one.name < other.name ? -1 : 1))
    return { plugins: rows, count: rows.length }
  }

  #read(): Promise<Offer> {
    const { plugins, registry, now } = this.#options
    if (this.#offer !== null && now() - this.#readAt < keptMs) return this.#offer
    this.#readAt = now()
    const offer = Promise.all([plugins.list(), registry.listServed()]).then(([listed, skills]) => ({
      plugins: listed.filter(({ isEnabled }) => isEnabled),
      skills,
    }))
    this.#offer = offer
    offer.catch(() => this.refresh())
    return offer
  }
}
