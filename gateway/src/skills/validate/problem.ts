/** Something wrong with a skill on disk or in an upload: where, which rule, and how to put it right. */
export interface Problem {
  /** The file, below the skill's directory. */
  readonly path: string
  /** From 1; null when the problem is not of one line. */
  readonly line: number | null
  /** A stable name in kebab-case. */
  readonly rule: string
  readonly message: string
}

/** `path:line rule message`, the form editors and terminals link. */
export function formatProblem({ path, line, rule, message }: Problem): string {
  return `${path}:${line ?? 1} ${rule} ${message}`
}

/** Collects problems; in strict mode what lenient mode tolerates is an error too. */
export class ProblemList {
  readonly errors: Problem[] = []
  readonly warnings: Problem[] = []
  readonly #isStrict: boolean

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict
  }

  error(path: string, line: number | null, rule: string, message: string): void {
    this.errors.push({ path, line, rule, message })
  }

  warn(path: string, line: number | null, rule: string, message: string): void {
    this.warnings.push({ path, line, rule, message })
  }

  /** An error in strict mode, else a warning. */
  tolerate(path: string, line: number | null, rule: string, message: string): void {
    if (this.#isStrict) this.error(path, line, rule, message)
    else this.warn(path, line, rule, message)
  }
}
