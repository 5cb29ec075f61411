import type { ConfigSections } from './config-sections.ts'

const referencePrefix = 'litellm_llmrouter.gateway.plugins.'

/** Built-in plugins by the dotted path they have in the reference; null for those a later release brings. */
const builtIn: Readonly<Record<string, string | null>> = {
  'skills_discovery.SkillsDiscoveryPlugin': 'skills-discovery',
  'content_filter.ContentFilterPlugin': null,
  'pii_guard.PIIGuard': null,
  'prompt_injection_guard.PromptInjectionGuard': null,
  'llamaguard_plugin.LlamaGuardPlugin': null,
  'bedrock_guardrails.BedrockGuardrailsPlugin': null,
  'cost_tracker.CostTrackerPlugin': null,
  'cache_plugin.SemanticCachePlugin': null,
  'context_optimizer.ContextOptimizerPlugin': null,
}
const names = new Set(Object.values(builtIn).filter((name) => name !== null))

/**
 * The built-in plugins that `LLMROUTER_PLUGINS` switches on. A dotted path that is not known is reported and left out;
 * what is known and not built stops the start, since a guard that is missing must not go unnoticed.
 */
export function readPlugins({ settings, report }: ConfigSections): ReadonlySet<string> {
  const found = new Set<string>()
  for (const written of settings.list('plugins.plugins')) {
    const path = written.startsWith(referencePrefix) ? written.slice(referencePrefix.length) : null
    const name = path === null ? written : builtIn[path]
    if (name !== undefined && name !== null && names.has(name)) found.add(name)
    else if (name === undefined || (path === null && isDottedPath(written)))
      report.warn('LLMROUTER_PLUGINS', `${written} is no plugin of this gateway; it is left out`)
    else
      report.fatal(
        'LLMROUTER_PLUGINS',
        `LLMROUTER_PLUGINS is set, but this is not available yet: ${written}`,
        `take ${written} out of LLMROUTER_PLUGINS`,
      )
  }
  return found
}

/** The form of a module of Python. */
const isDottedPath = (text: string): boolean => /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(text)
