/** Far more than a metric has series; a cache this full holds keys that callers made up. */
const limit = 8192

/**
 * Remembers the series bound for a key, so that counting a request hashes no label set. Most caches of one model hold one
 * key, or are asked for the same one again and again: that one is at hand without a table. Starts over when full: what
 * it forgets is only bound again.
 */
export class SeriesCache<Value> {
  readonly #create: (key: string) => Value
  readonly #values = new Map<string, Value>()
  #latestKey: string | null = null
  #latest: Value | null = null

  constructor(create: (key: string) => Value) {
    this.#create = create
  }

  get(key: string): Value {
    if (key === this.#latestKey && this.#latest !== null) return this.#latest
    const value = this.#values.get(key) ?? this.#add(key)
    this.#latestKey = key
    this.#latest = value
    return value
  }

  #add(key: string): Value {
    if (this.#values.size >= limit) this.#values.clear()
    const value = this.#create(key)
    this.#values.set(key, value)
    return value
  }
}
