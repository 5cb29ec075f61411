import { PluginStartError } from './loaded-plugin.ts'

/** What is said of a plugin for ordering it. */
interface Ordered {
  readonly identity: {
    readonly name: string
    readonly dependsOn: readonly string[]
    readonly priority: number
  }
}

/** A plugin depends on one that is not there, or on itself. */
export class PluginDependencyError extends PluginStartError {
  override readonly name = 'PluginDependencyError'
}

/**
 * Plugins in the order in which they start: after all they depend on, then by priority, then as given. `provided` are names
 * that are there without being among them. Errors: throws a `PluginDependencyError`.
 */
export function orderPlugins<Plugin extends Ordered>(
  plugins: readonly Plugin[],
  provided: Iterable<string>,
): readonly Plugin[] {
  requireDistinct(plugins)
  const started = new Set(provided)
  const names = new Set([...started, ...plugins.map(({ identity }) => identity.name)])
  // A stable sort: equals stay as they were given.
  const waiting = plugins.toSorted((one, other) => one.identity.priority - other.identity.priority)
  for (const { identity } of waiting) requireAll(identity, names)
  const ordered: Plugin[] = []
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ identity }) => identity.dependsOn.every((name) => started.has(name)))
    if (at === -1) throw describeCycle(waiting)
    for (const next of waiting.splice(at, 1)) {
      started.add(next.identity.name)
      ordered.push(next)
    }
  }
  return ordered
}

function requireDistinct(plugins: readonly Ordered[]): void {
  const seen = new Set<string>()
  for (const { identity } of plugins) {
    if (seen.has(identity.name))
      throw new PluginDependencyError(`two plugins are called ${identity.name}; list it once`)
    seen.add(identity.name)
  }
}

function requireAll({ name, dependsOn }: Ordered['identity'], names: ReadonlySet<string>): void {
  const missing = dependsOn.find((wanted) => !names.has(wanted))
  if (missing === undefined) return
  throw new PluginDependencyError(
    `the plugin ${name} depends on ${missing}, which is not loaded; add it to LLMROUTER_PLUGINS`,
  )
}

function describeCycle(waiting: readonly Ordered[]): PluginDependencyError {
  const names = waiting.map(({ identity }) => identity.name)
  return new PluginDependencyError(`the plugins ${names.join(', ')} wait for each other (dependsOn)`)
}
