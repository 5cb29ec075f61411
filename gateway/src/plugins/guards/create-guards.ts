import type { Plugin } from '@routeiq/contract'
import type { GuardsConfig } from '../../config/config.ts'
import type { LoadedPlugin } from '../loaded-plugin.ts'
import { readPlugin } from '../read-plugin.ts'
import { createBedrockGuardrails } from './bedrock-guardrails.ts'
import { createContentFilter } from './content-filter.ts'
import type { GuardServices } from './guard-service.ts'
import { createLlamaGuard } from './llama-guard.ts'
import { createPiiGuard } from './pii-guard.ts'
import { createPromptInjectionGuard } from './prompt-injection-guard.ts'

/** The guards that come with the gateway, as far as they are on. */
export function createGuards(config: GuardsConfig, services: GuardServices): readonly LoadedPlugin[] {
  const { injection, contentFilter, pii, llamaGuard, bedrockGuardrails } = config
  const guards: LoadedPlugin[] = []
  const add = (plugin: Plugin, hookMs?: number): void => {
    const loaded = { ...readPlugin(plugin, 'built in', 'abort'), isBuiltIn: true }
    guards.push(hookMs === undefined ? loaded : { ...loaded, hookMs })
  }
  if (injection !== null) add(createPromptInjectionGuard(injection))
  if (contentFilter !== null) add(createContentFilter(contentFilter))
  if (pii !== null) add(createPiiGuard(pii))
  if (llamaGuard !== null && services.llamaGuard !== null)
    add(createLlamaGuard(llamaGuard, services.llamaGuard), llamaGuard.timeoutMs)
  if (bedrockGuardrails !== null && services.bedrockGuardrails !== null)
    add(createBedrockGuardrails(bedrockGuardrails, services.bedrockGuardrails), bedrockGuardrails.timeoutMs)
  return guards
}
