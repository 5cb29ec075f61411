import type { Embedder } from './dense/embedder.ts'
import type { SkillDocument } from './skill-document.ts'
import { SkillIndex, type SkillIndexOptions } from './skill-index.ts'

/** Builds an index in slices, so that a server goes on answering meanwhile. */
export class IndexBuilder {
  readonly index: SkillIndex
  readonly #documents: readonly SkillDocument[]
  #next = 0

  constructor(
    documents: readonly SkillDocument[],
    embedder: Embedder | null,
    options: SkillIndexOptions = {},
  ) {
    this.#documents = documents
    this.index = new SkillIndex(embedder, options)
  }

  /** Adds the next `count` skills; false once all of them are in `index`. */
  addSome(count: number): boolean {
    const end = Math.min(this.#next + count, this.#documents.length)
    for (const document of this.#documents.slice(this.#next, end)) this.index.upsert(document)
    this.#next = end
    return end < this.#documents.length
  }
}
