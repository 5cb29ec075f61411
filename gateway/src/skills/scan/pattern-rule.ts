import type { Chain } from './chain.ts'
import type { CheckName, Severity } from './finding.ts'

/**
 * A pattern to look for in text. `hints` are lower-case words of which one must occur before the pattern is tried, so
 * so that a text without any is read at the speed of a substring search. Patterns have no nested or adjacent unbounded
 * repetitions, and what may stand far apart is a chain: the time is linear in the text.
 */
export interface PatternRule {
  readonly check: CheckName
  readonly severity: Severity
  readonly message: string
  readonly hints: readonly string[]
  /** With the flag `g`. */
  readonly pattern: RegExp | Chain
  /** Only the description is searched. */
  readonly onlyDescription?: boolean
  /** Keeps what is found out of the evidence. */
  readonly isSecret?: boolean
  /** A match that is no finding after all. */
  readonly excuses?: (match: string) => boolean
}

/** Two patterns on one line, at most `within` characters apart. */
export const apart = (first: RegExp, within: number, next: RegExp, barriers = '\n'): Chain => ({
  first,
  links: [{ within, barriers, next }],
})

/** The patterns a rule looks for. */
export function patternsOf({ pattern }: PatternRule): readonly RegExp[] {
  return pattern instanceof RegExp ? [pattern] : [pattern.first, ...pattern.links.map(({ next }) => next)]
}

/** Rules that report the same: what each looks for is given with its hints. */
export const rule =
  (check: CheckName, severity: Severity, message: string) =>
  (hints: readonly string[], pattern: RegExp | Chain, excuses?: (match: string) => boolean): PatternRule => ({
    check,
    severity,
    message,
    hints,
    pattern,
    ...(excuses === undefined ? {} : { excuses }),
  })
