import type { PluginsConfig } from '../../config/config.ts'
import type { LoadedPlugin } from '../loaded-plugin.ts'
import { readPlugin } from '../read-plugin.ts'
import { createPiiGuard } from './pii-guard.ts'
import { createPromptInjectionGuard } from './prompt-injection-guard.ts'

/** The guards that come with the gateway, as far as they are on. */
export function createGuards({ piiGuard, injectionGuard }: PluginsConfig): readonly LoadedPlugin[] {
  const guards = [
    injectionGuard === null ? null : createPromptInjectionGuard(injectionGuard),
    piiGuard === null ? null : createPiiGuard(piiGuard),
  ]
  return guards.flatMap((guard) =>
    guard === null ? [] : { ...readPlugin(guard, 'built in', 'abort'), isBuiltIn: true },
  )
}
