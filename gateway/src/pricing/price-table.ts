import type { PriceEntry } from './prices.ts'

/** Where the loaded prices came from. */
export interface PriceSource {
  /** `built-in`, or the file path or URL without query. */
  readonly name: string
  /** Epoch milliseconds. */
  readonly loadedAtMs: number
}

/**
 * Prices by name: the built-in table below, a loaded map above it. Replacing the loaded map is one assignment, so a
 * reader sees the old prices or the new ones. Deployments copy their prices when a routing snapshot is built.
 */
export class PriceTable {
  private readonly builtIn: ReadonlyMap<string, PriceEntry>
  private loaded: ReadonlyMap<string, PriceEntry> = new Map()
  private currentSource: PriceSource

  constructor(builtIn: ReadonlyMap<string, PriceEntry>, now: number) {
    this.builtIn = builtIn
    this.currentSource = { name: 'built-in', loadedAtMs: now }
  }

  /** The source of the newest prices, for showing their age. */
  get source(): PriceSource {
    return this.currentSource
  }

  replace(entries: ReadonlyMap<string, PriceEntry>, source: PriceSource): void {
    this.loaded = entries
    this.currentSource = source
  }

  get(name: string): PriceEntry | null {
    return this.loaded.get(name) ?? this.builtIn.get(name) ?? null
  }

  /** The bare names of a provider's known models. */
  modelsOf(provider: string): readonly string[] {
    const names = new Set<string>()
    for (const entries of [this.builtIn, this.loaded]) {
      for (const [name, entry] of entries) {
        if (entry.facts.provider !== provider) continue
        names.add(name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name)
      }
    }
    return [...names]
  }
}
