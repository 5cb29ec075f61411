import type { Vocabulary } from '../text/vocabulary.ts'

/** Turns text into a direction: texts that mean the same point the same way. */
export interface Embedder {
  /** Names the table or model; vectors of different ids must never be compared. */
  readonly id: string
  readonly dimensions: number
  /** Writes the vector of `text` with length 1, or zeros when no word of it is known. */
  embed(text: string, into: Float32Array): void
  /** Where a text is the sum of its words: embeds texts that were read already. */
  readonly embedWordsOf?: (vocabulary: Vocabulary) => WordEmbedder
}

/** Embeds words of one vocabulary, each of which is looked up once. */
export interface WordEmbedder {
  /** The vector of a text of these words with `rest`, of which nothing was read, behind them. */
  embed(words: Int32Array, rest: string, into: Float32Array): void
}
