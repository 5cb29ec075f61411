import { describePython } from './describe-python.ts'
import type { FunctionItem, FunctionSkillsOptions, ModuleDescription, ModuleFile } from './function-module.ts'
import { type Host, isolationOf } from './isolation.ts'
import { isTypeScript, listModuleFiles } from './module-files.ts'

export interface DescribedModule extends ModuleFile {
  readonly description: ModuleDescription
  /** Why it could not be described; null when it could. */
  readonly problem: string | null
}

export interface FunctionCandidate {
  readonly module: DescribedModule
  readonly item: FunctionItem
  /** Namespace and name. */
  readonly fullName: string
}

/** Every function there is at one moment. Modules are in the order of the configuration, then by name. */
export interface FunctionSnapshot {
  readonly modules: readonly DescribedModule[]
  readonly byFullName: ReadonlyMap<string, FunctionCandidate>
  readonly byShortName: ReadonlyMap<string, readonly FunctionCandidate[]>
}

const checkEveryMs = 5000
const nothing: ModuleDescription = { items: [], imports: [] }

/** What the configured modules offer, read from their sources and read again when these have changed. */
export class FunctionCatalogue {
  readonly #options: FunctionSkillsOptions
  readonly #host: Host
  readonly #now: () => number
  #snapshot: FunctionSnapshot = indexModules([])
  #checkedAt = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | null = null

  constructor(options: FunctionSkillsOptions, host: Host, now: () => number) {
    this.#options = options
    this.#host = host
    this.#now = now
  }

  /** At most five seconds old. */
  async read(): Promise<FunctionSnapshot> {
    if (this.#now() - this.#checkedAt >= checkEveryMs) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = null
      })
      await this.#refreshing
    }
    return this.#snapshot
  }

  async #refresh(): Promise<void> {
    const files = (await Promise.all(this.#options.entries.map(listModuleFiles))).flat()
    const known = new Map(
      this.#snapshot.modules.map((module) => [`${module.file} ${module.namespace} ${module.stamp}`, module]),
    )
    const fresh = files.filter(({ file, namespace, stamp }) => !known.has(`${file} ${namespace} ${stamp}`))
    const described = new Map(
      (await this.#describe(fresh)).map((module) => [module.file + module.namespace, module]),
    )
    const modules = files.flatMap(
      (file) =>
        known.get(`${file.file} ${file.namespace} ${file.stamp}`) ??
        described.get(file.file + file.namespace) ??
        [],
    )
    const isSame = fresh.length === 0 && modules.length === this.#snapshot.modules.length
    if (!isSame) this.#snapshot = indexModules(modules)
    this.#checkedAt = this.#now()
  }

  async #describe(files: readonly ModuleFile[]): Promise<readonly DescribedModule[]> {
    const python = files.filter(({ entry }) => entry.runtime === 'python')
    const node = files.filter(({ entry }) => entry.runtime === 'node')
    return [...(await this.#describePython(python)), ...(await this.#describeScripts(node))]
  }

  async #describePython(files: readonly ModuleFile[]): Promise<readonly DescribedModule[]> {
    if (files.length === 0) return []
    if (this.#host.python === null)
      return files.map((file) => ({ ...file, description: nothing, problem: 'python3 is not installed' }))
    try {
      const answers = await describePython(this.#host.python, files)
      return files.map((file, index) => withDescription(file, answers[index] ?? 'no answer'))
    } catch (error) {
      return files.map((file) => withDescription(file, (error as Error).message))
    }
  }

  /** What the Node of this machine cannot run is not offered. */
  async #describeScripts(files: readonly ModuleFile[]): Promise<readonly DescribedModule[]> {
    const runs = ({ file }: ModuleFile): boolean => this.#host.nodeTypes !== null || !isTypeScript(file)
    const refused = files.filter((file) => !runs(file))
    return [
      ...(await describeScripts(files.filter(runs))),
      ...refused.map((file) =>
        withDescription(file, 'this Node runs no TypeScript; compile it to JavaScript'),
      ),
    ]
  }

  /** What admins are told of each module. */
  async report(): Promise<readonly object[]> {
    const { modules } = await this.read()
    return modules.map(({ entry, namespace, file, description, problem }) => ({
      namespace,
      file,
      runtime: entry.runtime,
      status: problem === null ? 'ok' : 'failed',
      ...(problem === null ? {} : { problem }),
      functions: description.items.length,
      limits: { timeout_ms: entry.timeoutMs, memory_mb: entry.memoryMb, network: entry.network },
      isolation: isolationOf(this.#host, entry),
    }))
  }
}

/** The parser is loaded when there is something to parse. */
async function describeScripts(files: readonly ModuleFile[]): Promise<readonly DescribedModule[]> {
  if (files.length === 0) return []
  const { describeScript } = await import('./describe-script.ts')
  return Promise.all(
    files.map((file) =>
      describeScript(file).then(
        (description) => withDescription(file, description),
        (error: Error) => withDescription(file, `${error.name}: ${error.message}`),
      ),
    ),
  )
}

function withDescription(file: ModuleFile, described: ModuleDescription | string): DescribedModule {
  return typeof described === 'string'
    ? { ...file, description: nothing, problem: described }
    : { ...file, description: described, problem: null }
}

function indexModules(modules: readonly DescribedModule[]): FunctionSnapshot {
  const byFullName = new Map<string, FunctionCandidate>()
  const byShortName = new Map<string, FunctionCandidate[]>()
  for (const module of modules) {
    for (const item of module.description.items) {
      const candidate = { module, item, fullName: `${module.namespace}.${item.name}` }
      // Of several entries with one name the first in the configuration counts.
      if (byFullName.has(candidate.fullName)) continue
      byFullName.set(candidate.fullName, candidate)
      byShortName.set(item.name, [...(byShortName.get(item.name) ?? []), candidate])
    }
  }
  return { modules, byFullName, byShortName }
}
