import type { Embedder } from './embedder.ts'
import type { SearchOptions, SearchResult } from './search-result.ts'
import type { SkillDocument } from './skill-document.ts'
import { tokenise } from './tokenise.ts'

/** How the lists become one order: weighed and gated by the request (default), or by reciprocal ranks. */
export type Fusion = 'gated' | 'rrf'

export interface SkillIndexOptions {
  readonly fusion?: Fusion
}

/** The skills of one workspace, searchable by a request. */
export class SkillIndex {
  readonly #words = new Map<string, ReadonlySet<string>>()

  constructor(_embedder: Embedder | null, _options: SkillIndexOptions = {}) {}

  static build(
    documents: Iterable<SkillDocument>,
    embedder: Embedder | null,
    options: SkillIndexOptions = {},
  ): SkillIndex {
    const index = new SkillIndex(embedder, options)
    for (const document of documents) index.upsert(document)
    return index
  }

  get size(): number {
    return this.#words.size
  }

  /** Adds a skill or replaces the one with its id. */
  upsert(document: SkillDocument): void {
    const { name, description, triggerPhrases, tags, body } = document
    const text = [name, description, ...triggerPhrases, ...tags, document.category ?? '', body].join('\n')
    this.#words.set(document.id, new Set(tokenise(text)))
  }

  /** Whether there was such a skill. */
  remove(id: string): boolean {
    return this.#words.delete(id)
  }

  /** The skills that share a word with the request, best first. */
  search(query: string, options: SearchOptions): SearchResult[] {
    const asked = new Set(tokenise(query))
    const results: SearchResult[] = []
    for (const [id, words] of this.#words) {
      if (options.accept?.(id) === false) continue
      const shared = [...asked].filter((word) => words.has(word)).length
      if (shared === 0) continue
      const share = shared / asked.size
      results.push({ id, score: share, relevance: share, fused: share, lists: {} })
    }
    results.sort((one, other) => other.fused - one.fused || (one.id < other.id ? -1 : 1))
    return results
      .slice(0, options.depth)
      .map((result, index) => ({ ...result, lists: { lexical: index + 1 } }))
  }
}
