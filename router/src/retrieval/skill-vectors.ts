import { DescriptionWords } from './dense/description-words.ts'
import type { Embedder, WordEmbedder } from './dense/embedder.ts'
import { normalise } from './dense/static-embedder.ts'
import { VectorRows } from './dense/vector-rows.ts'
import type { SkillDocument } from './skill-document.ts'
import { embeddedBody, type ReadSkill } from './skill-reader.ts'
import type { Vocabulary } from './text/vocabulary.ts'

/** How strongly many served requests pull a skill's vector, against its own description. */
const greatestPull = 2
/** At how many requests the pull is half of that: a single one, perhaps credited wrongly, must not turn it. */
const halfPull = 3
/** Requests at most that pull; beyond these the direction no longer changes. */
const mostFeedback = 50

/** The vectors of skills: of what each says it does, of its body, and of the words it says it with. */
export class SkillVectors {
  readonly #embedder: Embedder
  readonly #words: WordEmbedder | null
  readonly descriptions: VectorRows
  readonly bodies: VectorRows
  readonly words: DescriptionWords
  readonly #vector: Float32Array
  readonly #sum: Float32Array

  constructor(embedder: Embedder, vocabulary: Vocabulary) {
    this.#embedder = embedder
    this.#words = embedder.embedWordsOf?.(vocabulary) ?? null
    this.descriptions = new VectorRows(embedder.dimensions)
    this.bodies = new VectorRows(embedder.dimensions, false)
    this.words = new DescriptionWords(embedder, vocabulary)
    this.#vector = new Float32Array(embedder.dimensions)
    this.#sum = new Float32Array(embedder.dimensions)
  }

  /** @param read the same skill, its views still valid */
  put(slot: number, document: SkillDocument, read: ReadSkill): void {
    this.words.put(slot, read.described)
    this.#embedSummary(document, read)
    const served = document.feedback.slice(0, mostFeedback)
    for (const request of served) this.#add(request, greatestPull / (served.length + halfPull))
    normalise(this.#sum)
    this.descriptions.put(slot, this.#sum)
    this.#embedBody(document, read)
    this.bodies.put(slot, this.#vector)
  }

  delete(slot: number): void {
    this.descriptions.delete(slot)
    this.bodies.delete(slot)
    this.words.delete(slot)
  }

  /** A view that the next call overwrites. */
  embed(text: string): Float32Array {
    this.#embedder.embed(text, this.#vector)
    return this.#vector
  }

  #embedSummary({ name, description, triggerPhrases }: SkillDocument, { summary }: ReadSkill): void {
    if (this.#words !== null) this.#words.embed(summary, '', this.#sum)
    else this.#embedder.embed([name, description, ...triggerPhrases].join('\n'), this.#sum)
  }

  #embedBody({ body }: SkillDocument, { bodyHead, bodyHeadEnd }: ReadSkill): void {
    if (this.#words !== null) this.#words.embed(bodyHead, bodyHeadEnd, this.#vector)
    else this.#embedder.embed(body.slice(0, embeddedBody), this.#vector)
  }

  #add(text: string, share: number): void {
    this.#embedder.embed(text, this.#vector)
    for (let column = 0; column < this.#sum.length; column++) {
      this.#sum[column] = (this.#sum[column] as number) + share * (this.#vector[column] as number)
    }
  }
}
