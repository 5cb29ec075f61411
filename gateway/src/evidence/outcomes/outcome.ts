/** `human` annotations beat `explicit` reports, and those beat what evaluators say. */
export type OutcomeKind = 'human' | 'explicit' | 'evaluator'

/** One judgement, before it is said of what. */
export interface Judgement {
  readonly kind: OutcomeKind
  /** The evaluator's, the annotation's id, or empty: a later judgement of the same name replaces the earlier one. */
  readonly name: string
  /** Null when it says something else than right or wrong. `review` decides nothing either. */
  readonly verdict: 'pass' | 'fail' | 'review' | null
  readonly score: number | null
  readonly reason: string | null
  /** Source, category, annotation: whatever else is shown of it. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** A judgement of a trace or of a decision. */
export interface Outcome extends Judgement {
  /** The trace's or the decision's id. */
  readonly subject: string
  /** Epoch milliseconds. */
  readonly updatedAt: number
}
