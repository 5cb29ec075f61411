import type { GuardsConfig, PluginModule, PluginsConfig } from '../config.ts'
import type { Environment } from '../source/interpolate.ts'
import type { ConfigSections } from './config-sections.ts'
import { guardNames, readGuardsConfig } from './guards-config.ts'

const variable = 'LLMROUTER_PLUGINS'
const referencePrefix = 'litellm_llmrouter.gateway.plugins.'

/** The names of the reference for what is built in here, or will be, by the path behind the prefix. */
const referencePaths: Readonly<Record<string, string>> = {
  'skills_discovery.SkillsDiscoveryPlugin': 'skills-discovery',
  'cost_tracker.CostTrackerPlugin': 'cost-tracker',
  'cache_plugin.SemanticCachePlugin': 'cache',
  'content_filter.ContentFilterPlugin': 'content-filter',
  'pii_guard.PIIGuard': 'pii-guard',
  'prompt_injection_guard.PromptInjectionGuard': 'prompt-injection-guard',
  'llamaguard_plugin.LlamaGuardPlugin': 'llamaguard',
  'bedrock_guardrails.BedrockGuardrailsPlugin': 'bedrock-guardrails',
  'context_optimizer.ContextOptimizerPlugin': 'context-optimizer',
  'agentic_pipeline.AgenticPipelinePlugin': 'agentic-pipeline',
  'upskill_evaluator.UpskillEvaluatorPlugin': 'upskill-evaluator',
}
/** Modules of the reference with several classes. */
const referenceModules = ['bedrock_agentcore_mcp', 'bedrock_request_levers']

const guards: ReadonlySet<string> = new Set(Object.values(guardNames))
const builtIn: ReadonlySet<string> = new Set(['skills-discovery', 'cost-tracker', 'cache', ...guards])
/** A guard that is missing must not go unnoticed, so these stop the start. */
const missingGuards: ReadonlySet<string> = new Set(['llamaguard', 'bedrock-guardrails'])
const missing: ReadonlySet<string> = new Set([
  ...['context-optimizer', 'agentic-pipeline', 'upskill-evaluator'],
  ...referenceModules.map((name) => name.replaceAll('_', '-')),
])

type Entry =
  | { readonly kind: 'built-in' | 'guard' | 'missing'; readonly name: string }
  | { readonly kind: 'module'; readonly module: PluginModule }
  | { readonly kind: 'unknown'; readonly hint?: string }

/** Which plugins are to be loaded, what may not load, and what this gateway does not have. */
export function readPluginsConfig(sections: ConfigSections, env: Environment): PluginsConfig {
  const { settings, report } = sections
  const allowlist = settings.json('plugins.allowlist') === null ? null : settings.list('plugins.allowlist')
  const names = new Set<string>()
  const modules: PluginModule[] = []
  const rejected: { written: string; reason: string }[] = []
  for (const written of new Set(settings.list('plugins.plugins'))) {
    if (allowlist !== null && !allowlist.includes(written)) {
      const reason = `${written} is not on LLMROUTER_PLUGINS_ALLOWLIST`
      report.warn(variable, `${reason}; it is left out`)
      rejected.push({ written, reason })
      continue
    }
    const entry = readEntry(written)
    if (entry.kind === 'module') modules.push(entry.module)
    else if (entry.kind === 'built-in') names.add(entry.name)
    else if (entry.kind === 'unknown')
      report.warn(variable, `${written} is no plugin of this gateway; it is left out`, entry.hint)
    else if (entry.kind === 'missing')
      report.warn(variable, `the plugin ${entry.name} is not available yet; ${written} is left out`)
    else
      report.fatal(
        variable,
        `${variable} is set, but this is not available yet: ${written}`,
        `take ${written} out of ${variable}`,
      )
  }
  const failureMode = (settings.text('plugins.failure_mode') ?? 'continue') as PluginsConfig['failureMode']
  const guardsConfig = readGuardsConfig(sections, names)
  requireRejected(sections, rejected, guardsConfig, failureMode)
  return {
    builtIn: new Set([...names].filter((name) => !guards.has(name))),
    guards: guardsConfig,
    modules,
    rejected,
    allowedCapabilities: readCapabilities(settings),
    failureMode,
    evaluates: settings.boolean('process.evaluator_enabled'),
    startupTimeoutMs: settings.number('plugins.startup_timeout') * 1000,
    settings: readPluginSettings(env),
  }
}

/** What must not be passed over ends the start when it may not load: a guard of ours that is off without it, and everything under `abort`. */
function requireRejected(
  sections: ConfigSections,
  rejected: PluginsConfig['rejected'],
  running: GuardsConfig,
  failureMode: PluginsConfig['failureMode'],
): void {
  for (const { written, reason } of rejected) {
    const entry = readEntry(written)
    const name = 'name' in entry ? entry.name : ''
    if (failureMode !== 'abort' && !isMissed(sections, name, running)) continue
    sections.report.fatal(
      variable,
      `${reason}, and the gateway does not start without it`,
      `put ${written} on the list, or take it out of ${variable}`,
    )
  }
}

/** Whether a guard would have enforced something and does not run. One that only warns may be missing. */
function isMissed(sections: ConfigSections, name: string, running: GuardsConfig): boolean {
  const guard = Object.entries(guardNames).find(([, known]) => known === name)?.[0] as keyof GuardsConfig
  if (guard === undefined) return missingGuards.has(name)
  if (running[guard] !== null) return false
  const { action } = readGuardsConfig(sections, new Set([name]))[guard] ?? {}
  return action !== 'warn' && action !== 'log'
}

function readEntry(written: string): Entry {
  const path = written.startsWith(referencePrefix) ? written.slice(referencePrefix.length) : null
  const module = referenceModules.find((name) => path?.startsWith(`${name}.`))
  const name = path === null ? written : (module?.replaceAll('_', '-') ?? referencePaths[path])
  if (name === undefined) return { kind: 'unknown' }
  if (builtIn.has(name)) return { kind: 'built-in', name }
  if (missingGuards.has(name)) return { kind: 'guard', name }
  if (missing.has(name)) return { kind: 'missing', name }
  if (/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(written)) return describeDotted(written)
  const [specifier = '', digest = null] = written.split('#sha256=', 2)
  if (digest !== null && !/^[0-9a-f]{64}$/.test(digest))
    return { kind: 'unknown', hint: 'a pin is #sha256= and 64 hexadecimal digits in lower case' }
  return { kind: 'module', module: { written, specifier, digest } }
}

/** A module of Python, which is never run, or a file that lacks its `./`. */
function describeDotted(written: string): Entry {
  return /\.[cm]?js$/.test(written)
    ? { kind: 'unknown', hint: `a file is written as a path: ./${written}` }
    : { kind: 'unknown', hint: 'code of Python is not run; plugins are ES modules' }
}

function readCapabilities(settings: ConfigSections['settings']): ReadonlySet<string> | null {
  if (settings.json('plugins.allowed_capabilities') === null) return null
  return new Set(settings.list('plugins.allowed_capabilities').map((name) => name.toUpperCase()))
}

function readPluginSettings(env: Environment): Readonly<Record<string, string>> {
  const prefix = 'ROUTEIQ_PLUGIN_'
  const given = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(prefix) && name !== 'ROUTEIQ_PLUGIN_STARTUP_TIMEOUT' && value !== undefined
      ? [[name.slice(prefix.length).toLowerCase(), value] as const]
      : [],
  )
  return Object.fromEntries(given)
}
