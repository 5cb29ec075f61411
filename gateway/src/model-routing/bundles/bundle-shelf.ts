import type { OpenedBundle } from '@routeiq/router'

/** That a bundle was looked at, put in force or taken back. */
export interface BundleMove {
  readonly action: 'stage' | 'promote' | 'rollback'
  /** Of the bundle in question: the one that is taken back, where one is. */
  readonly bundleId: string
  /** It was put in force without passing the gate. */
  readonly forced: boolean
  readonly keyHash: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** What was done with bundles. Rejects with `storage_unavailable` when the database does not answer. */
export interface BundleMoveStore {
  addBundleMove(move: BundleMove): Promise<void>
  /** Oldest first, the last thousand. */
  listBundleMoves(): Promise<readonly BundleMove[]>
}

/** A folder with a bundle in it, or with what should be one. */
export interface ShelvedBundle {
  readonly folder: string
  /** Null where the folder holds none that can be read. */
  readonly manifest: OpenedBundle['manifest'] | null
  readonly problem: string | null
}

export interface BundleShelfOptions {
  readonly moves: BundleMoveStore
  /** Looks through the folder of bundles; only their manifests are read. */
  readonly scan: () => readonly ShelvedBundle[]
  readonly onError: (error: unknown) => void
}

/** What an operator put in force in place of the configured bundle. */
interface PromotedBundle {
  readonly bundleId: string
  readonly forced: boolean
}

const mostKept = 3

/** The bundles at hand, and which of them was put in force over the API; as of the last look at the database. */
export class BundleShelf {
  readonly #options: BundleShelfOptions
  #promoted: readonly PromotedBundle[] = []
  #staged: readonly string[] = []

  constructor(options: BundleShelfOptions) {
    this.#options = options
  }

  /** Null where the configured bundle is in force. */
  get inForce(): PromotedBundle | null {
    return this.#promoted.at(-1) ?? null
  }

  /** Looked at since, and not in force. */
  get staged(): readonly string[] {
    return this.#staged
  }

  list(): readonly ShelvedBundle[] {
    return this.#options.scan()
  }

  /** Null when there is none with that id. */
  find(bundleId: string): ShelvedBundle | null {
    return this.list().find(({ manifest }) => manifest?.bundle_id === bundleId) ?? null
  }

  async record(move: BundleMove): Promise<void> {
    await this.#options.moves.addBundleMove(move)
    await this.refresh()
  }

  /** Reads again; resolves when it has, or has failed. */
  async refresh(): Promise<void> {
    try {
      const moves = await this.#options.moves.listBundleMoves()
      const promoted: PromotedBundle[] = []
      const staged = new Set<string>()
      for (const { action, bundleId, forced } of moves) {
        if (action === 'stage') staged.add(bundleId)
        else staged.delete(bundleId)
        if (action === 'promote') promoted.push({ bundleId, forced })
        if (action === 'rollback') promoted.pop()
      }
      this.#promoted = promoted.slice(-mostKept)
      this.#staged = [...staged]
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
