import { GatewayError } from '@routeiq/contract'
import { FunctionCatalogue, type FunctionSnapshot } from './function-catalogue.ts'
import type { FunctionSkillsOptions } from './function-module.ts'
import { FunctionRunner, type Given } from './function-runner.ts'
import { type Host, probeHost } from './isolation.ts'
import { ownerOf, resolveFunction } from './resolve-function.ts'

export interface Invocation {
  readonly name: string
  readonly parameters: Given
  readonly init: Given | null
  /** Whether what it prints is wanted. */
  readonly withLogs: boolean
}

export interface InvocationResult {
  readonly namespace: string
  readonly fullName: string
  readonly result: unknown
  readonly durationMs: number
  readonly logs: string
}

export interface FunctionSkillsDependencies {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly node: string
  readonly nodeFlags: ReadonlySet<string>
  readonly now: () => number
}

/** The configured functions: found by name, described without being run, run in processes of their own. */
export class FunctionSkills {
  readonly options: FunctionSkillsOptions
  readonly #dependencies: FunctionSkillsDependencies
  #parts: Promise<{ host: Host; catalogue: FunctionCatalogue; runner: FunctionRunner }> | null = null

  constructor(options: FunctionSkillsOptions, dependencies: FunctionSkillsDependencies) {
    this.options = options
    this.#dependencies = dependencies
  }

  /** Error: `module_skills_disabled` when none are configured. */
  async read(): Promise<FunctionSnapshot> {
    return (await this.#open()).catalogue.read()
  }

  async report(): Promise<readonly object[]> {
    return this.options.entries.length === 0 ? [] : (await this.#open()).catalogue.report()
  }

  /** Null when no function has the name. Errors: as of `FunctionRunner.call`, and `skill_ambiguous`. */
  async invoke({ name, parameters, init, withLogs }: Invocation): Promise<InvocationResult | null> {
    const { catalogue, runner } = await this.#open()
    const snapshot = await catalogue.read()
    const found = resolveFunction(snapshot, name)
    if (found === null) return null
    const { module, item, fullName } = found
    const startedAt = this.#dependencies.now()
    const { result, logs } = await runner.call({
      module,
      item,
      owner: ownerOf(snapshot, found),
      parameters,
      init,
      withLogs,
    })
    return {
      namespace: module.namespace,
      fullName,
      result,
      logs,
      durationMs: this.#dependencies.now() - startedAt,
    }
  }

  async close(): Promise<void> {
    await (await this.#parts)?.runner.close()
  }

  /** The machine is asked what it can do with the first request: a start waits for nothing. */
  #open() {
    if (this.options.entries.length === 0)
      throw new GatewayError(
        'module_skills_disabled',
        'No module skills are configured; skills.modules in the configuration does that.',
      )
    const { env, node, nodeFlags, now } = this.#dependencies
    this.#parts ??= probeHost(node, nodeFlags).then((host) => ({
      host,
      catalogue: new FunctionCatalogue(this.options, host, now),
      runner: new FunctionRunner(host, this.options, env),
    }))
    return this.#parts
  }
}
