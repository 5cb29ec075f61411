import type { ContextOptimizerConfig, PluginsConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** On by its mode, or by the built-in plugin, which is safe unless the mode says otherwise. */
export function readContextOptimizerConfig(
  { settings }: ConfigSections,
  { builtIn }: PluginsConfig,
): ContextOptimizerConfig {
  const asked = (settings.text('context_optimizer.mode') ?? 'off') as ContextOptimizerConfig['mode']
  return {
    mode: asked === 'off' && builtIn.has('context-optimizer') ? 'safe' : asked,
    maxTurns: settings.number('context_optimizer.max_turns'),
    keepLast: Math.max(1, settings.number('context_optimizer.keep_last')),
  }
}
