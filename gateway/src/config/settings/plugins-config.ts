import type { GuardsConfig, PluginModule, PluginsConfig } from '../config.ts'
import type { ProviderCatalog } from '../provider-catalog.ts'
import type { Environment } from '../source/interpolate.ts'
import type { ConfigSections } from './config-sections.ts'
import { guardNames, readGuardsConfig } from './guards-config.ts'

const variable = 'LLMROUTER_PLUGINS'
const referencePrefix = 'litellm_llmrouter.gateway.plugins.'

/** The names of the reference for what is built in here, or will be, by the path behind the prefix. */
const referencePaths: Readonly<Record<string, string>> = {
  'skills_discovery.SkillsDiscoveryPlugin': 'skills-discovery',
  'cost_tracker.CostTrackerPlugin': 'cost-tracker',
  'cache_plugin.SemanticCachePlugin': 'semantic-cache',
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

const keysOfGuards = Object.keys(guardNames) as (keyof GuardsConfig)[]
const guards: ReadonlySet<string> = new Set(Object.values(guardNames))
const builtIn: ReadonlySet<string> = new Set([
  'skills-discovery',
  'cost-tracker',
  'cache',
  'semantic-cache',
  'context-optimizer',
  ...guards,
])
const missing: ReadonlySet<string> = new Set([
  ...['agentic-pipeline', 'upskill-evaluator'],
  ...referenceModules.map((name) => name.replaceAll('_', '-')),
])

type Entry =
  | { readonly kind: 'built-in' | 'missing'; readonly name: string }
  | { readonly kind: 'module'; readonly module: PluginModule }
  | { readonly kind: 'unknown'; readonly hint?: string }

/** Which plugins are to be loaded, what may not load, and what this gateway does not have. */
export function readPluginsConfig(
  sections: ConfigSections,
  providers: ProviderCatalog,
  env: Environment,
): PluginsConfig {
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
    else report.warn(variable, `the plugin ${entry.name} is not available yet; ${written} is left out`)
  }
  const failureMode = (settings.text('plugins.failure_mode') ?? 'continue') as PluginsConfig['failureMode']
  const readGuards = (listed: ReadonlySet<string>): GuardsConfig =>
    readGuardsConfig(sections, listed, providers, env)
  const running = readGuards(names)
  const isMissed = (name: string): boolean =>
    !isOn(running, name) && enforces(readGuards(new Set([name])), name)
  requireRejected(report, rejected, failureMode, isMissed)
  return {
    builtIn: new Set([...names].filter((name) => !guards.has(name))),
    guards: running,
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
  report: ConfigSections['report'],
  rejected: PluginsConfig['rejected'],
  failureMode: PluginsConfig['failureMode'],
  isMissed: (guard: string) => boolean,
): void {
  for (const { written, reason } of rejected) {
    const entry = readEntry(written)
    const isGuard = 'name' in entry && guards.has(entry.name)
    if (failureMode !== 'abort' && !(isGuard && isMissed(entry.name))) continue
    report.fatal(
      variable,
      `${reason}, and the gateway does not start without it`,
      `put ${written} on the list, or take it out of ${variable}`,
    )
  }
}

const guardOf = (config: GuardsConfig, name: string) =>
  config[keysOfGuards.find((key) => guardNames[key] === name) ?? 'pii']

const isOn = (config: GuardsConfig, name: string): boolean => guardOf(config, name) !== null

/** Whether a guard refuses or changes anything: one that only takes notes, or lets pass what it cannot look at, may be missing. */
function enforces(config: GuardsConfig, name: string): boolean {
  const guard = guardOf(config, name)
  if (guard === null) return false
  return 'action' in guard ? guard.action !== 'warn' && guard.action !== 'log' : guard.failMode === 'closed'
}

function readEntry(written: string): Entry {
  const path = written.startsWith(referencePrefix) ? written.slice(referencePrefix.length) : null
  const module = referenceModules.find((name) => path?.startsWith(`${name}.`))
  const name = path === null ? written : (module?.replaceAll('_', '-') ?? referencePaths[path])
  if (name === undefined) return { kind: 'unknown' }
  if (builtIn.has(name)) return { kind: 'built-in', name }
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
