/** Turns text into a direction: texts that mean the same point the same way. */
export interface Embedder {
  /** Names the table or model; vectors of different ids must never be compared. */
  readonly id: string
  readonly dimensions: number
  /** Writes the vector of `text` with length 1, or zeros when no word of it is known. */
  embed(text: string, into: Float32Array): void
}
