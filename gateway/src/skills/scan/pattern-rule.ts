import type { CheckName, Severity } from './finding.ts'

/**
 * A pattern to look for in text. `hints` are lower-case words of which one must occur before the pattern is tried, so
 * that a text without any is read at the speed of a substring search. Patterns have no nested or adjacent unbounded
 * repetitions: the time is linear in the text.
 */
export interface PatternRule {
  readonly check: CheckName
  readonly severity: Severity
  readonly message: string
  readonly hints: readonly string[]
  /** With the flag `g`. */
  readonly pattern: RegExp
  /** Only the description is searched. */
  readonly onlyDescription?: boolean
  /** Keeps what is found out of the evidence. */
  readonly isSecret?: boolean
  /** A match that is no finding after all. */
  readonly excuses?: (match: string) => boolean
}

/** Rules that report the same: what each looks for is given with its hints. */
export const rule =
  (check: CheckName, severity: Severity, message: string) =>
  (hints: readonly string[], pattern: RegExp, excuses?: (match: string) => boolean): PatternRule => ({
    check,
    severity,
    message,
    hints,
    pattern,
    ...(excuses === undefined ? {} : { excuses }),
  })
