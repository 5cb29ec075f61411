import type { Features } from '../features/features.ts'

/** What every model made of one ask. Null where a model was not tried: missing is missing, never 0. */
export interface OutcomeRow {
  readonly id: string
  /** What kind of task it is; null when nobody said. */
  readonly task: string | null
  /** Empty where only features were kept. */
  readonly prompt: string
  /** In place of the prompt; null computes them from it. */
  readonly features: Features | null
  /** 0 to 1, in the order of the matrix's models. */
  readonly scores: readonly (number | null)[]
  /** USD for the call. */
  readonly costs: readonly (number | null)[]
  /** Null when not known. */
  readonly outputTokens: readonly (number | null)[] | null
  /** Equal numbers are equal final answers; null when answers were not compared. */
  readonly answers: readonly number[] | null
  /** Share of "yes" when each model was asked whether its own answer is right; absent where none was. */
  readonly verdicts?: readonly (number | null)[]
  /** How much each score counts; null for 1 each. Partial feedback carries inverse propensities here. */
  readonly weights: readonly number[] | null
}

/** Asks, models, and how well and how dearly each model answered each ask. */
export interface OutcomeMatrix {
  readonly models: readonly string[]
  readonly rows: readonly OutcomeRow[]
}
