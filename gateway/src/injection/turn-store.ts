import type { BlobSealer } from '../conversation/blob-sealer.ts'
import { within } from '../within.ts'
import { formatTurnRecord, parseTurnRecord, type TurnRecord } from './turn-record.ts'

/** The part of shared state that turns need. */
export interface SharedTurns {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
}

export interface TurnStoreOptions {
  readonly shared: SharedTurns
  readonly sealer: BlobSealer
  /** False where this process has all there is, so that a look at its own memory is enough. */
  readonly replicated: boolean
  /** Turns kept in memory. */
  readonly limit: number
}

const lifetimeMs = 3_600_000
/** Older turns of a conversation that this process does not know are not asked for. */
const maxLookups = 8
const lookupTimeoutMs = 50

/** Remembers turns for an hour: in memory, and encrypted where other replicas find them. Never rejects. */
export class TurnStore {
  readonly #options: TurnStoreOptions
  readonly #recent = new Map<string, TurnRecord>()
  /** Turns whose record is being made. */
  readonly #becoming = new Map<string, Promise<TurnRecord>>()

  constructor(options: TurnStoreOptions) {
    this.#options = options
  }

  /** Records by digest, as far as they are known. */
  async find(digests: readonly string[]): Promise<ReadonlyMap<string, TurnRecord>> {
    for (const digest of digests) await this.#becoming.get(digest)
    const found = new Map<string, TurnRecord>()
    const unknown: string[] = []
    for (const digest of digests) {
      const record = this.#recent.get(digest)
      if (record === undefined) unknown.push(digest)
      else found.set(digest, record)
    }
    if (this.#options.replicated && unknown.length > 0) await this.#ask(unknown.slice(-maxLookups), found)
    return found
  }

  /** `becoming` must not reject. */
  remember(digest: string, becoming: Promise<TurnRecord>): void {
    this.#becoming.set(digest, becoming)
    void becoming.then((record) => {
      if (this.#becoming.get(digest) === becoming) this.#becoming.delete(digest)
      this.#keep(digest, record)
      if (this.#options.replicated) this.#share(digest, record)
    })
  }

  #share(digest: string, record: TurnRecord): void {
    const payload = formatTurnRecord(record)
    const sealed = this.#options.sealer.seal({ form: 'response', family: 'turn', account: digest, payload })
    this.#options.shared.set(keyOf(digest), sealed, lifetimeMs).catch(() => {})
  }

  async #ask(digests: readonly string[], found: Map<string, TurnRecord>): Promise<void> {
    await within(lookupTimeoutMs, Promise.all(digests.map((digest) => this.#askOne(digest, found))))
  }

  async #askOne(digest: string, found: Map<string, TurnRecord>): Promise<void> {
    const sealed = await this.#options.shared.get(keyOf(digest)).catch(() => null)
    const blob = sealed === null ? null : this.#options.sealer.open(sealed)
    const record = blob?.account === digest ? parseTurnRecord(blob.payload) : null
    if (record === null) return
    this.#keep(digest, record)
    found.set(digest, record)
  }

  /** The map is in the order of use; the oldest goes first. */
  #keep(digest: string, record: TurnRecord): void {
    this.#recent.delete(digest)
    this.#recent.set(digest, record)
    if (this.#recent.size <= this.#options.limit) return
    const [oldest] = this.#recent.keys()
    if (oldest !== undefined) this.#recent.delete(oldest)
  }
}

const keyOf = (digest: string): string => `skills:turn:${digest}`
