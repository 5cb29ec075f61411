import type { GuardsConfig } from '../../config/config.ts'
import type { LoadedPlugin } from '../loaded-plugin.ts'
import { readPlugin } from '../read-plugin.ts'
import { createContentFilter } from './content-filter.ts'
import { createPiiGuard } from './pii-guard.ts'
import { createPromptInjectionGuard } from './prompt-injection-guard.ts'

/** The guards that come with the gateway, as far as they are on. */
export function createGuards({ pii, injection, contentFilter }: GuardsConfig): readonly LoadedPlugin[] {
  const guards = [
    injection === null ? null : createPromptInjectionGuard(injection),
    contentFilter === null ? null : createContentFilter(contentFilter),
    pii === null ? null : createPiiGuard(pii),
  ]
  return guards.flatMap((guard) =>
    guard === null ? [] : { ...readPlugin(guard, 'built in', 'abort'), isBuiltIn: true },
  )
}
