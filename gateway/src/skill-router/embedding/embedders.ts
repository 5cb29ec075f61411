import type { Embedder } from '@routeiq/router'
import type { ModelEmbedder } from './model-embedder.ts'
import type { QueryEmbedder } from './query-embedder.ts'
import type { WorkspaceEmbedder, WorkspaceEmbedderStore } from './workspace-embedder.ts'

const lookEveryMs = 5_000

export interface EmbeddersOptions {
  readonly store: Pick<WorkspaceEmbedderStore, 'list'>
  /** The gateway's own. `model` is null where it embeds in memory, or not at all. */
  readonly standard: {
    readonly query: QueryEmbedder
    readonly index: () => Embedder | null
    readonly model: ModelEmbedder | null
  }
  /** False where a quota has the feature switched off. */
  readonly isAllowed: (workspaceId: string) => boolean
  readonly open: (embedder: WorkspaceEmbedder) => ModelEmbedder
  /** The skills of a workspace are to be indexed by another embedder. */
  readonly onChange: (workspaceId: string) => void
}

interface Held {
  /** What it was made of. */
  readonly source: string
  readonly embedder: ModelEmbedder
}

/** Which embedder each workspace has: one of its own, else the gateway's. Changes elsewhere are seen within seconds. */
export class Embedders {
  readonly #options: EmbeddersOptions
  readonly #own = new Map<string, Held>()
  readonly #timer: NodeJS.Timeout

  constructor(options: EmbeddersOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.refresh().catch(ignore), lookEveryMs)
    this.#timer.unref()
  }

  /** Takes in what changed. Rejects with `storage_unavailable`; what is held stays. */
  async refresh(): Promise<void> {
    const { store, isAllowed, open, onChange } = this.#options
    const wanted = (await store.list()).filter(({ workspaceId }) => isAllowed(workspaceId))
    const kept = new Set(wanted.map(({ workspaceId }) => workspaceId))
    for (const [workspaceId, { embedder }] of this.#own) {
      if (kept.has(workspaceId)) continue
      embedder.close()
      this.#own.delete(workspaceId)
      onChange(workspaceId)
    }
    for (const one of wanted) {
      const source = JSON.stringify(one)
      const held = this.#own.get(one.workspaceId)
      if (held?.source === source) continue
      held?.embedder.close()
      this.#own.set(one.workspaceId, { source, embedder: open(one) })
      onChange(one.workspaceId)
    }
  }

  /** What gets requests ready, and says how it is doing. */
  queryOf(workspaceId: string): QueryEmbedder {
    return this.#own.get(workspaceId)?.embedder ?? this.#options.standard.query
  }

  /** What the index of a workspace embeds by; null to search by words alone. */
  indexOf(workspaceId: string): Embedder | null {
    return this.#own.get(workspaceId)?.embedder ?? this.#options.standard.index()
  }

  /** The model that has to be asked for vectors; null where none has. */
  modelOf(workspaceId: string): ModelEmbedder | null {
    return this.#own.get(workspaceId)?.embedder ?? this.#options.standard.model
  }

  isOwn(workspaceId: string): boolean {
    return this.#own.has(workspaceId)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#options.standard.model?.close()
    for (const { embedder } of this.#own.values()) embedder.close()
  }
}

/** The next look finds it again. */
const ignore = (): void => {}
