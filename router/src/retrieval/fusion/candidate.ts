/** The lists that bring candidates, in the order of a candidate's ranks. */
export const listNames = ['lexical', 'dense', 'body', 'literal'] as const
export type ListName = (typeof listNames)[number]

/** How well a skill fits a text, before it becomes one number; in the order of a candidate's signs. */
export const sign = {
  /** BM25F. */
  lexical: 0,
  /** Cosine with name, description, triggers and feedback. */
  dense: 1,
  /** Cosine with the body. */
  body: 2,
  /** Share of the text's IDF mass found anywhere in the skill. */
  idfCoverage: 3,
  /** Share of the name's words found in the text. */
  nameCoverage: 4,
} as const
export const signCount = 5

/** A request or a part of it, and how well each candidate fits it. */
export interface Reading {
  /** Distinct content words. */
  readonly contentWords: number
  /** The greatest BM25F score of any candidate. */
  readonly topLexical: number
  /** `signCount` of each candidate, one after the other; those of the first candidates for a part. */
  readonly signs: Float64Array
}

/** Everything found for a request before it is ordered. Candidates are numbers from 0. */
export interface Findings {
  readonly ids: readonly string[]
  readonly places: readonly number[]
  /** Four of each candidate: its place in each list, from 1, or 0. */
  readonly ranks: Int32Array
  readonly whole: Reading
  /** Sentences and steps of a request that asks for several things. */
  readonly parts: readonly Reading[]
  /** How much of each candidate's own description the request asks for, by closeness of words, 0–1. */
  readonly readAsked: (candidates: readonly number[]) => readonly number[]
  /** Absolute match strength, 0–1; see docs/skill-retrieval.md. */
  readonly rateMatch: (candidate: number) => number
}
