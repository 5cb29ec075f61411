import { NamePatterns } from '../patterns/name-patterns.ts'
import type { Resolution } from './resolve-model.ts'

/**
 * Models by name and glob, and by provider where an entry begins with `@`: `@openai/*` are those that OpenAI serves.
 */
export class ModelList {
  readonly entries: readonly string[]
  readonly #names: NamePatterns
  readonly #targets: NamePatterns

  constructor(entries: readonly string[]) {
    const targets = entries.filter((entry) => entry.startsWith('@'))
    this.entries = entries
    this.#names = new NamePatterns(
      entries.filter((entry) => !entry.startsWith('@')),
      true,
    )
    this.#targets = new NamePatterns(targets, true)
  }

  /** Whether all that a name leads to is on the list: its group by name, or every deployment of it. */
  covers({ group }: Resolution): boolean {
    if (this.#names.matches(group.name)) return true
    return (
      group.deployments.length > 0 && group.deployments.every((deployment) => this.#hasTarget(deployment))
    )
  }

  /** Whether anything a name stands for or leads to is on the list. */
  touches({ requestedName, effectiveName, group }: Resolution): boolean {
    const names = [requestedName, effectiveName, group.name]
    return (
      names.some((name) => this.#names.matches(name)) ||
      group.deployments.some((deployment) => this.#hasTarget(deployment))
    )
  }

  #hasTarget({ provider, upstreamModel }: Resolution['group']['deployments'][number]): boolean {
    return this.#targets.matches(`@${provider.id}/${upstreamModel}`)
  }
}
