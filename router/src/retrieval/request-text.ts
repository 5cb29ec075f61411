import { type QuantisedVector, quantise } from './dense/quantise.ts'
import type { LexicalIndex, MatchedTerm } from './lexical/lexical-index.ts'
import type { SkillVectors } from './skill-vectors.ts'
import { stem } from './text/stem.ts'
import { stopWords } from './text/stop-words.ts'
import { tokenise } from './text/tokenise.ts'

/** A word said a hundred times is not a hundred times as important. */
const mostCounted = 2

const nowhere: QuantisedVector = { values: new Int8Array(0), scale: 0 }

/** A request, or a part of one, as the lists look for it. */
export class RequestText {
  /** Every word in order, stop words included, stemmed; what names and phrases are looked for in. */
  readonly sequence: readonly string[]
  readonly words: ReadonlySet<string>
  /** How many distinct content words there are. Of nothing but stop words all count: a skill may be `how-to`. */
  readonly contentWords: number
  /** The content words that some skill has, the weightiest first. */
  readonly terms: readonly MatchedTerm[]
  /** The IDF of all content words together; one that no skill has counts as the rarest. */
  readonly mass: number
  readonly vector: QuantisedVector

  constructor(text: string, lexical: LexicalIndex, vectors: SkillVectors | null) {
    const words = tokenise(text)
    this.sequence = words.map(stem)
    this.words = new Set(this.sequence)
    const content = words.filter((word) => !stopWords.has(word))
    const counts = new Map<string, number>()
    for (const word of content.length > 0 ? content : words) {
      const term = stem(word)
      counts.set(term, Math.min((counts.get(term) ?? 0) + 1, mostCounted))
    }
    this.contentWords = counts.size
    this.terms = lexical.match(counts)
    const known = this.terms.reduce((sum, { idf }) => sum + idf, 0)
    this.mass = known + (counts.size - this.terms.length) * lexical.idfOf(0)
    this.vector = vectors === null ? nowhere : quantise(vectors.embed(text))
  }
}
