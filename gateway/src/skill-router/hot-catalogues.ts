import { HotCatalogue, type HotCatalogueOptions } from './hot-catalogue.ts'
import {
  applyChanges,
  type CatalogueSource,
  type Feedback,
  learnFeedback,
  loadHotCatalogue,
} from './load-hot-catalogue.ts'

const pollMs = 500
/** How soon requests that went well are learned from. */
const learnMs = 5 * 60_000
const idleMs = 30 * 60_000
/** How long a catalogue is served that the store no longer confirms. */
const staleMs = 60 * 60_000
/** After this long without an answer the store counts as down. */
const silentMs = 10_000
/** More changes than this are read into a new catalogue beside the one in use. */
const maxChangesInPlace = 300

/** What catalogues of all workspaces have in common. */
export type CatalogueOptions = Omit<HotCatalogueOptions, 'workspaceId' | 'usageOf' | 'now'>

export interface HotCataloguesOptions {
  readonly source: CatalogueSource
  /** Rejects when it cannot be read: then what was learned before stands. */
  readonly feedback: (workspaceId: string) => Promise<Feedback>
  readonly catalogue: CatalogueOptions
  readonly usageOf: (workspaceId: string, skillId: string) => number
  /** Skills of all workspaces together; beyond it those unused for longest are dropped. */
  readonly maxSkills: number
  /** Null for what concerns all workspaces. */
  readonly onError: (workspaceId: string | null, error: unknown) => void
  readonly now: () => number
}

interface Held {
  readonly catalogue: HotCatalogue
  feedback: Feedback
  usedAt: number
  confirmedAt: number
}

interface Refresh {
  /** Whether something changed since the store was asked last. */
  again: boolean
  done: Promise<void>
}

/**
 * The catalogues this process holds, one a workspace: loaded on first use in the background, kept up to date by
 * notices and by asking for epochs, dropped when unused.
 */
export class HotCatalogues {
  readonly #options: HotCataloguesOptions
  readonly #held = new Map<string, Held>()
  readonly #loading = new Map<string, Promise<HotCatalogue>>()
  readonly #refreshing = new Map<string, Refresh>()
  readonly #poll: NodeJS.Timeout
  readonly #learn: NodeJS.Timeout
  #polling = false
  #learning = false
  #storeFails = false

  constructor(options: HotCataloguesOptions) {
    this.#options = options
    this.#poll = setInterval(() => void this.#confirm(), pollMs).unref()
    this.#learn = setInterval(() => void this.#takeInFeedback(), learnMs).unref()
  }

  close(): void {
    clearInterval(this.#poll)
    clearInterval(this.#learn)
  }

  /** The catalogue if it is here, null while it is not; then `load` brings it. */
  find(workspaceId: string): HotCatalogue | null {
    const held = this.#held.get(workspaceId)
    if (held === undefined) return null
    held.usedAt = this.#options.now()
    return held.usedAt - held.confirmedAt > staleMs ? null : held.catalogue
  }

  /** Whether the store has confirmed the catalogue lately; false while the database is down. */
  isConfirmed(workspaceId: string): boolean {
    const held = this.#held.get(workspaceId)
    return held !== undefined && !this.#storeFails && this.#options.now() - held.confirmedAt < silentMs
  }

  /** False while the store refuses to answer. */
  get isStoreAnswering(): boolean {
    return !this.#storeFails
  }

  /** Loads the catalogue, or waits for the load under way. Errors: those of the store. */
  load(workspaceId: string): Promise<HotCatalogue> {
    const underWay = this.#loading.get(workspaceId)
    if (underWay !== undefined) return underWay
    const loading = this.#load(workspaceId).finally(() => this.#loading.delete(workspaceId))
    this.#loading.set(workspaceId, loading)
    return loading
  }

  /** Loads the catalogue anew, after the load under way: that may have read before what it is to find now. */
  async reload(workspaceId: string): Promise<HotCatalogue> {
    await this.#loading.get(workspaceId)?.catch(() => {})
    return this.load(workspaceId)
  }

  /** Loads the catalogue anew if it is here: what it was indexed by has changed. Errors: those of the store. */
  async renew(workspaceId: string): Promise<void> {
    if (this.#held.has(workspaceId) || this.#loading.has(workspaceId)) await this.reload(workspaceId)
  }

  /** Brings the catalogue up to what the store has now, if it is here. Failures are reported, and end the wait. */
  async refresh(workspaceId: string): Promise<void> {
    const loading = this.#loading.get(workspaceId)
    // What changes during a load may have been read before the change.
    if (loading !== undefined) await loading.catch(() => {})
    const held = this.#held.get(workspaceId)
    if (held === undefined) return
    const underWay = this.#refreshing.get(workspaceId)
    if (underWay === undefined) return this.#refresh(held)
    underWay.again = true
    await underWay.done
  }

  /** Waits for a change that this process has heard of and not yet taken in. */
  async settle(workspaceId: string): Promise<void> {
    await this.#refreshing.get(workspaceId)?.done
  }

  /** What is held, for health and memory. */
  list(): readonly { readonly workspaceId: string; readonly epoch: number; readonly skills: number }[] {
    return [...this.#held.values()].map(({ catalogue }) => ({
      workspaceId: catalogue.workspaceId,
      epoch: catalogue.epoch,
      skills: catalogue.size,
    }))
  }

  async #load(workspaceId: string): Promise<HotCatalogue> {
    const { source, feedback, now } = this.#options
    const catalogue = new HotCatalogue({
      ...this.#options.catalogue,
      workspaceId,
      usageOf: (skillId) => this.#options.usageOf(workspaceId, skillId),
      now,
    })
    const before = this.#held.get(workspaceId)?.feedback ?? new Map()
    const learned = await feedback(workspaceId).catch(() => before)
    await loadHotCatalogue(catalogue, source, learned)
    const usedAt = this.#held.get(workspaceId)?.usedAt ?? now()
    this.#held.set(workspaceId, { catalogue, feedback: learned, usedAt, confirmedAt: now() })
    this.#makeRoom()
    return catalogue
  }

  #refresh(held: Held): Promise<void> {
    const { workspaceId } = held.catalogue
    const state: Refresh = { again: true, done: Promise.resolve() }
    this.#refreshing.set(workspaceId, state)
    state.done = this.#follow(workspaceId, state)
    return state.done
  }

  async #follow(workspaceId: string, state: Refresh): Promise<void> {
    const { source, onError, now } = this.#options
    try {
      while (state.again) {
        state.again = false
        const held = this.#held.get(workspaceId)
        if (held === undefined) return
        const { epoch } = held.catalogue
        const changes = await source.changesSince(workspaceId, epoch)
        if (changes.changed.length > maxChangesInPlace) await this.load(workspaceId)
        else if (changes.epoch !== epoch) applyChanges(held.catalogue, changes, held.feedback)
        held.confirmedAt = now()
      }
    } catch (error) {
      onError(workspaceId, error)
    } finally {
      // In the turn that looked at `again` last, so that whoever comes next begins anew.
      this.#refreshing.delete(workspaceId)
    }
  }

  async #confirm(): Promise<void> {
    this.#dropIdle()
    if (this.#polling || this.#held.size === 0) return
    this.#polling = true
    const held = [...this.#held.values()]
    try {
      const epochs = await this.#options.source.epochsOf(held.map(({ catalogue }) => catalogue.workspaceId))
      this.#storeFails = false
      for (const [at, entry] of held.entries()) {
        entry.confirmedAt = this.#options.now()
        if (epochs[at] !== entry.catalogue.epoch) void this.refresh(entry.catalogue.workspaceId)
      }
    } catch (error) {
      if (!this.#storeFails) this.#options.onError(null, error)
      this.#storeFails = true
    }
    this.#polling = false
  }

  /** Indexes anew which skills have served other requests than before, and nothing else. */
  async #takeInFeedback(): Promise<void> {
    if (this.#learning) return
    this.#learning = true
    for (const held of [...this.#held.values()]) await this.#learnOf(held)
    this.#learning = false
  }

  async #learnOf(held: Held): Promise<void> {
    const { catalogue, feedback: before } = held
    const { source, feedback, onError } = this.#options
    try {
      const learned = await feedback(catalogue.workspaceId)
      // What changes meanwhile is indexed with what is known by now.
      held.feedback = learned
      await learnFeedback(catalogue, source, learned, listTouched(before, learned))
    } catch (error) {
      held.feedback = before
      onError(catalogue.workspaceId, error)
    }
  }

  #dropIdle(): void {
    const limit = this.#options.now() - idleMs
    for (const [workspaceId, { usedAt }] of this.#held) if (usedAt < limit) this.#held.delete(workspaceId)
  }

  /** Drops those unused for longest until the rest fits; the one used last stays, whatever its size. */
  #makeRoom(): void {
    const byUse = [...this.#held.values()].sort((a, b) => a.usedAt - b.usedAt)
    let total = byUse.reduce((sum, { catalogue }) => sum + catalogue.size, 0)
    for (const { catalogue } of byUse.slice(0, -1)) {
      if (total <= this.#options.maxSkills) return
      total -= catalogue.size
      this.#held.delete(catalogue.workspaceId)
    }
  }
}

/** The skills whose requests are not the same in both. */
function listTouched(before: Feedback, after: Feedback): string[] {
  const skillIds = new Set([...before.keys(), ...after.keys()])
  return [...skillIds].filter((skillId) => {
    const old = before.get(skillId) ?? []
    const now = after.get(skillId) ?? []
    return old.length !== now.length || old.some((request, index) => request !== now[index])
  })
}
