import type { Embedder } from '@routeiq/router'
import type { CatalogueSkill } from '../../skills/catalogue.ts'
import type { QueryEmbedder } from './query-embedder.ts'

/** How long a request waits for its vector; later ones find it. */
const queryMs = 250
const queryLifeMs = 3_600_000
const maxQueries = 10_000
/** Two a skill. What is beyond is found by words alone. */
const maxSkillTexts = 40_000
const batchSize = 64
/** After a failure, and at most, until skills are embedded again. */
const retryMs = [2_000, 300_000] as const
/** How much of a body is embedded, as the index reads it. */
const longestBody = 800

export interface ModelEmbedderOptions {
  /** The model, as the gateway calls it. */
  readonly model: string
  readonly dimensions: number
  /** Errors: whatever keeps the model from answering. */
  readonly embed: (texts: readonly string[]) => Promise<readonly (readonly number[])[]>
  /** All texts of a workspace that were missing have their vectors now. */
  readonly onEmbedded: (workspaceId: string) => void
  readonly onError: (error: unknown) => void
  readonly now: () => number
}

interface KeptQuery {
  readonly vector: Float32Array
  readonly until: number
}

/**
 * Embeds by a model of the gateway. Requests wait a quarter of a second for it and go on without; skills are embedded in
 * the background and are found by words meanwhile. Single words are never sent: the index asks for each word of a
 * description, and words alone are what its other lists are for.
 */
export class ModelEmbedder implements Embedder, QueryEmbedder {
  readonly id: string
  readonly dimensions: number
  readonly #options: ModelEmbedderOptions
  readonly #queries = new Map<string, KeptQuery>()
  readonly #asking = new Map<string, Promise<boolean>>()
  readonly #skills = new Map<string, Float32Array>()
  /** Texts to embed, with the workspaces that wait for them. */
  readonly #missing = new Map<string, Set<string>>()
  #working: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null
  #failures = 0
  #available = true

  constructor(options: ModelEmbedderOptions) {
    this.#options = options
    this.dimensions = options.dimensions
    this.id = `${options.model}/${options.dimensions}`
  }

  get state() {
    return { kind: 'model', model: this.#options.model, available: this.#available } as const
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
  }

  embed(text: string, into: Float32Array): void {
    const vector = this.#queries.get(text)?.vector ?? this.#skills.get(text)
    if (vector === undefined) into.fill(0)
    else into.set(vector)
  }

  prepare(query: string): boolean | Promise<boolean> {
    const kept = this.#queries.get(query)
    if (kept !== undefined && kept.until > this.#options.now()) return true
    const asked = this.#asking.get(query) ?? this.#ask(query)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, queryMs, false)
    })
    return Promise.race([asked, late]).finally(() => clearTimeout(timer))
  }

  /** Sees to it that these skills get their vectors. */
  require(workspaceId: string, skills: readonly CatalogueSkill[]): void {
    for (const text of skills.flatMap(textsOf)) {
      if (text === '' || this.#skills.has(text)) continue
      const waiting = this.#missing.get(text)
      if (waiting !== undefined) waiting.add(workspaceId)
      else if (this.#skills.size + this.#missing.size < maxSkillTexts)
        this.#missing.set(text, new Set([workspaceId]))
    }
    this.#work()
  }

  /** Forgets what the skills' texts were turned into, and turns them anew. Errors: those of the model. */
  async embedAnew(workspaceId: string, skills: readonly CatalogueSkill[]): Promise<void> {
    const texts = [...new Set(skills.flatMap(textsOf))].filter((text) => text !== '')
    for (let from = 0; from < texts.length; from += batchSize)
      await this.#embedBatch(texts.slice(from, from + batchSize), this.#skills)
    this.#options.onEmbedded(workspaceId)
  }

  #ask(query: string): Promise<boolean> {
    const asking = this.#embedBatch([query], null)
      .then(([vector]) => {
        if (vector === undefined) return false
        const oldest = this.#queries.keys().next().value
        if (this.#queries.size >= maxQueries && oldest !== undefined) this.#queries.delete(oldest)
        this.#queries.set(query, { vector, until: this.#options.now() + queryLifeMs })
        return true
      })
      .catch(() => false)
      .finally(() => this.#asking.delete(query))
    this.#asking.set(query, asking)
    return asking
  }

  #work(): void {
    if (this.#working !== null || this.#retry !== null || this.#missing.size === 0) return
    this.#working = this.#embedMissing().finally(() => {
      this.#working = null
      if (this.#retry === null) this.#work()
    })
  }

  async #embedMissing(): Promise<void> {
    const served = new Set<string>()
    try {
      while (this.#missing.size > 0) {
        const batch = [...this.#missing].slice(0, batchSize)
        await this.#embedBatch(
          batch.map(([text]) => text),
          this.#skills,
        )
        for (const [text, workspaces] of batch) {
          this.#missing.delete(text)
          for (const workspaceId of workspaces) served.add(workspaceId)
        }
      }
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      this.#options.onError(error)
      const pause = Math.min(retryMs[1], retryMs[0] * 2 ** (this.#failures - 1))
      this.#retry = setTimeout(() => {
        this.#retry = null
        this.#work()
      }, pause).unref()
    }
    for (const workspaceId of served) this.#options.onEmbedded(workspaceId)
  }

  async #embedBatch(
    texts: readonly string[],
    into: Map<string, Float32Array> | null,
  ): Promise<readonly Float32Array[]> {
    try {
      const answered = await this.#options.embed(texts)
      const vectors = answered.map((vector) => this.#normalise(vector))
      for (const [index, text] of texts.entries()) {
        const vector = vectors[index]
        if (vector === undefined) throw new Error(`${texts.length} texts gave ${vectors.length} vectors`)
        into?.set(text, vector)
      }
      this.#available = true
      return vectors
    } catch (error) {
      this.#available = false
      throw error
    }
  }

  #normalise(vector: readonly number[]): Float32Array {
    if (vector.length !== this.dimensions)
      throw new Error(
        `${this.#options.model} gives ${vector.length} dimensions; set skills.router.embedding_dimensions to that`,
      )
    const length = Math.hypot(...vector)
    if (!Number.isFinite(length)) throw new Error(`${this.#options.model} gives vectors of what is no number`)
    return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length))
  }
}

/** What the index embeds of a skill: what it says it does, and the beginning of its body. */
function textsOf({ name, description, triggerPhrases, body }: CatalogueSkill): string[] {
  return [[name, description, ...triggerPhrases].join('\n'), body.slice(0, longestBody)]
}
