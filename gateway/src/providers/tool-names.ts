import { createHash } from 'node:crypto'

const acceptedName = /^[A-Za-z0-9_-]{1,64}$/

/** Fits tool names to what every provider accepts and remembers what was changed. One instance per request. */
export class ToolNames {
  readonly #callerNames = new Map<string, string>()

  /** The name unchanged, or its first 55 characters, `_` and 8 hex digits of its hash. */
  toUpstream(name: string): string {
    if (acceptedName.test(name)) return name
    const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
    const fitted = `${name.slice(0, 55).replaceAll(/[^A-Za-z0-9_-]/g, '_')}_${digest}`
    this.#callerNames.set(fitted, name)
    return fitted
  }

  /** Upstream name → caller's name, for the names that were changed. */
  get changed(): ReadonlyMap<string, string> {
    return this.#callerNames
  }
}
