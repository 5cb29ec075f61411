import type { PluginModule, PluginsConfig } from '../config/config.ts'
import { createGuards } from './guards/create-guards.ts'
import type { GuardServices } from './guards/guard-service.ts'
import { type AbsentPlugin, type LoadedPlugin, PluginStartError } from './loaded-plugin.ts'
import { orderPlugins } from './order-plugins.ts'
import { failureModeOf, readPlugin } from './read-plugin.ts'

export interface LoadedPlugins {
  /** In the order of their start. */
  readonly plugins: readonly LoadedPlugin[]
  readonly absent: readonly AbsentPlugin[]
}

/**
 * Makes the guards that are on, imports the modules that may load, rejects those that want more than they may, and orders the rest. What must not be
 * passed over (`abort`, its own or the configuration's) ends the start where it cannot run. Errors: rejects with a `PluginStartError`.
 */
export async function loadPlugins(
  config: PluginsConfig,
  importModule: (module: PluginModule) => Promise<unknown>,
  services: GuardServices,
): Promise<LoadedPlugins> {
  const plugins: LoadedPlugin[] = [...createGuards(config.guards, services)]
  const absent: AbsentPlugin[] = config.rejected.map((rejected) => ({ ...rejected, status: 'rejected' }))
  for (const module of config.modules) {
    const loaded = await loadOne(module, config, importModule)
    if ('identity' in loaded) plugins.push(loaded)
    else absent.push(loaded)
  }
  return { plugins: orderPlugins(plugins, config.builtIn), absent }
}

async function loadOne(
  module: PluginModule,
  { failureMode, allowedCapabilities }: PluginsConfig,
  importModule: (module: PluginModule) => Promise<unknown>,
): Promise<LoadedPlugin | AbsentPlugin> {
  const { written } = module
  let exported: unknown = null
  try {
    exported = await importModule(module)
    const plugin = readPlugin(exported, written, failureMode)
    const reason = refuseCapabilities(plugin, allowedCapabilities)
    if (reason === null) return plugin
    if (plugin.identity.failureMode === 'abort')
      throw new PluginStartError(`the plugin ${written} may not be passed over and is rejected: ${reason}`)
    return { written, status: 'rejected', reason }
  } catch (error) {
    if (error instanceof PluginStartError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    if (failureModeOf(exported, failureMode) === 'abort')
      throw new PluginStartError(`the plugin ${written} cannot be loaded: ${reason}`)
    return { written, status: 'failed', reason }
  }
}

function refuseCapabilities({ identity }: LoadedPlugin, allowed: ReadonlySet<string> | null): string | null {
  const refused = identity.capabilities.filter((capability) => allowed?.has(capability) === false)
  return refused.length === 0
    ? null
    : `LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES does not allow ${refused.join(', ')}`
}
