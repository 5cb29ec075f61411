const menuWindowMs = 300_000
const maxMenus = 1_000

/** Counts how often the same menu came lately. */
export class RecentMenus {
  readonly #seen = new Map<string, { count: number; since: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether this menu came twice before within five minutes. */
  seenAgain(menu: string): boolean {
    const now = this.#now()
    const earlier = this.#seen.get(menu)
    const entry =
      earlier !== undefined && now - earlier.since < menuWindowMs ? earlier : { count: 0, since: now }
    entry.count += 1
    if (this.#seen.size >= maxMenus) this.#seen.clear()
    this.#seen.set(menu, entry)
    return entry.count > 2
  }
}
