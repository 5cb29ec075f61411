import { LinearRegex } from './linear-regex.ts'
import { matchGlob } from './match-glob.ts'

/**
 * A list of names, globs (`*`, `?`) and, unless only globs are wanted, regular expressions (those that begin with `^`),
 * compiled once.
 */
export class NamePatterns {
  readonly #names = new Set<string>()
  readonly #globs: string[] = []
  readonly #regexes: LinearRegex[] = []

  /** Errors: `SyntaxError` that names the pattern which is none. */
  constructor(patterns: readonly string[], onlyGlobs = false) {
    for (const pattern of patterns) {
      if (!onlyGlobs && pattern.startsWith('^')) this.#regexes.push(compile(pattern))
      else if (/[*?]/.test(pattern)) this.#globs.push(pattern)
      else this.#names.add(pattern)
    }
  }

  matches(name: string): boolean {
    return (
      this.#names.has(name) ||
      this.#globs.some((glob) => matchGlob(glob, name)) ||
      this.#regexes.some((regex) => regex.test(name))
    )
  }
}

function compile(pattern: string): LinearRegex {
  try {
    return new LinearRegex(pattern)
  } catch (error) {
    throw new SyntaxError(`${JSON.stringify(pattern)} is no usable pattern: ${(error as Error).message}`)
  }
}
