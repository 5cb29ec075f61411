/** A trace that cannot be taken: with `issues` members have the wrong type (422), else it breaks a rule (400). */
export class TraceError extends Error {
  readonly issues: readonly TraceIssue[] | null

  constructor(message: string, issues: readonly TraceIssue[] | null = null) {
    super(message)
    this.name = 'TraceError'
    this.issues = issues
  }
}

export interface TraceIssue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}
