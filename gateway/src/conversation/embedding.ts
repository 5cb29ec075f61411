import type { Usage } from './usage.ts'

/** One request for vectors, for wires that do not share the caller's form. */
export interface EmbeddingRequest {
  readonly model: string
  readonly inputs: readonly string[]
  /** Length of the vectors, null for the model's own. */
  readonly dimensions: number | null
  readonly user: string | null
  /** Members of the caller's body this model has no place for, as written. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface EmbeddingReply {
  /** One for each input, in order. */
  readonly vectors: readonly (readonly number[])[]
  /** Null when the provider counts nothing. */
  readonly usage: Usage | null
}
