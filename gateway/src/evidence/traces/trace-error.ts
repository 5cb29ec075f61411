/** A trace that cannot be taken: with `issues` members have the wrong type (422), else it breaks a rule (400). */
export class TraceError extends Error {
  readonly issues: readonly TraceIssue[] | null

  constructor(message: string, issues: readonly TraceIssue[] | null = null) {
    super(message)
    this.name = 'TraceError'
    this.issues = issues
  }
}

/** One whose id is taken: it was kept before. */
export class RepeatedTrace extends TraceError {
  constructor(id: string) {
    super(`a trace with id ${id} already exists`)
    this.name = 'RepeatedTrace'
  }
}

export interface TraceIssue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}
