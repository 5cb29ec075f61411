import type { PluginModule, PluginsConfig } from '../config/config.ts'
import { createGuards } from './guards/create-guards.ts'
import { type AbsentPlugin, type LoadedPlugin, PluginStartError } from './loaded-plugin.ts'
import { orderPlugins } from './order-plugins.ts'
import { readPlugin } from './read-plugin.ts'

export interface LoadedPlugins {
  /** In the order of their start. */
  readonly plugins: readonly LoadedPlugin[]
  readonly absent: readonly AbsentPlugin[]
}

/**
 * Makes the guards that are on, imports the modules that may load, rejects those that want more than they may, and orders the rest. What cannot be imported
 * ends the start under the failure mode `abort`. Errors: rejects with a `PluginStartError`.
 */
export async function loadPlugins(
  config: PluginsConfig,
  importModule: (module: PluginModule) => Promise<unknown>,
): Promise<LoadedPlugins> {
  const plugins: LoadedPlugin[] = [...createGuards(config)]
  const absent: AbsentPlugin[] = config.rejected.map((rejected) => ({ ...rejected, status: 'rejected' }))
  for (const module of config.modules) {
    const { written } = module
    try {
      const plugin = readPlugin(await importModule(module), written, config.failureMode)
      const refusal = refuseCapabilities(plugin, config.allowedCapabilities)
      if (refusal === null) plugins.push(plugin)
      else absent.push({ written, status: 'rejected', reason: refusal })
    } catch (error) {
      if (error instanceof PluginStartError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      if (config.failureMode === 'abort')
        throw new PluginStartError(`the plugin ${written} cannot be loaded: ${reason}`)
      absent.push({ written, status: 'failed', reason })
    }
  }
  return { plugins: orderPlugins(plugins, config.builtIn), absent }
}

function refuseCapabilities({ identity }: LoadedPlugin, allowed: ReadonlySet<string> | null): string | null {
  const refused = identity.capabilities.filter((capability) => allowed?.has(capability) === false)
  return refused.length === 0
    ? null
    : `LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES does not allow ${refused.join(', ')}`
}
