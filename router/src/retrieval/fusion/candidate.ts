import type { ListRanks } from './rank-lists.ts'

/** How well one skill fits one text, before it becomes one number. */
export interface Signs {
  /** BM25F. */
  readonly lexical: number
  /** Cosine with name, description, triggers and feedback. */
  readonly dense: number
  /** Cosine with the body. */
  readonly body: number
  /** Share of the text's IDF mass found anywhere in the skill. */
  readonly idfCoverage: number
  /** Share of the name's words found in the text. */
  readonly nameCoverage: number
}

/** A request or a part of it, and how well each candidate fits it. */
export interface Reading {
  /** Distinct content words. */
  readonly contentWords: number
  /** The greatest BM25F score of any candidate. */
  readonly topLexical: number
  /** In the order of the candidates. */
  readonly signs: readonly Signs[]
}

export interface Candidate {
  readonly id: string
  readonly ranks: ListRanks
  /** Absolute match strength, 0–1; see docs/skill-retrieval.md. */
  readonly relevance: number
}

/** Everything found for a request before it is ordered. */
export interface Findings {
  readonly candidates: readonly Candidate[]
  readonly whole: Reading
  /** Sentences and steps of a request that asks for several things; they know the first candidates only. */
  readonly parts: readonly Reading[]
  /** How much of a candidate's own description the request asks for, by closeness of words, 0–1; by its place. */
  readonly readAsked: (index: number) => number
}
