import type { InjectionGuardConfig, PiiGuardConfig, PluginModule, PluginsConfig } from '../config.ts'
import type { Environment } from '../source/interpolate.ts'
import type { ConfigSections } from './config-sections.ts'

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

const guards: ReadonlySet<string> = new Set(['pii-guard', 'prompt-injection-guard'])
const builtIn: ReadonlySet<string> = new Set(['skills-discovery', 'cost-tracker', 'cache', ...guards])
/** A guard that is missing must not go unnoticed, so these stop the start. */
const missingGuards: ReadonlySet<string> = new Set(['content-filter', 'llamaguard', 'bedrock-guardrails'])
const missing: ReadonlySet<string> = new Set([
  ...['context-optimizer', 'agentic-pipeline', 'upskill-evaluator'],
  ...referenceModules.map((name) => name.replaceAll('_', '-')),
])

type Entry =
  | { readonly kind: 'built-in' | 'guard' | 'missing'; readonly name: string }
  | { readonly kind: 'module'; readonly module: PluginModule }
  | { readonly kind: 'unknown'; readonly hint?: string }

/** Which plugins are to be loaded, what may not load, and what this gateway does not have. */
export function readPluginsConfig({ settings, report }: ConfigSections, env: Environment): PluginsConfig {
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
  return {
    builtIn: new Set([...names].filter((name) => !guards.has(name))),
    piiGuard: readPiiGuard(settings, report, names),
    injectionGuard: readInjectionGuard(settings, names),
    modules,
    rejected,
    allowedCapabilities: readCapabilities(settings),
    failureMode: (settings.text('plugins.failure_mode') ?? 'continue') as PluginsConfig['failureMode'],
    evaluates: settings.boolean('process.evaluator_enabled'),
    startupTimeoutMs: settings.number('plugins.startup_timeout') * 1000,
    settings: readPluginSettings(env),
  }
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

const entityTypes = ['SSN', 'CREDIT_CARD', 'EMAIL', 'PHONE', 'IP_ADDRESS']

/** On by its own variable, or by being listed. */
function readPiiGuard(
  settings: ConfigSections['settings'],
  report: ConfigSections['report'],
  listed: ReadonlySet<string>,
): PiiGuardConfig | null {
  if (!settings.boolean('process.pii_enabled') && !listed.has('pii-guard')) return null
  const given = settings.list('process.pii_entity_types').map((type) => type.toUpperCase())
  const unknown = given.find((type) => !entityTypes.includes(type))
  if (unknown !== undefined)
    report.fatal(
      'GUARDRAIL_PII_ENTITY_TYPES',
      `${unknown} is no kind of personal data`,
      `use ${entityTypes.join(', ')}`,
    )
  const action = (settings.text('process.pii_action') ?? 'redact') as PiiGuardConfig['action']
  return { action, entityTypes: given }
}

function readInjectionGuard(
  settings: ConfigSections['settings'],
  listed: ReadonlySet<string>,
): InjectionGuardConfig | null {
  if (!settings.boolean('process.injection_enabled') && !listed.has('prompt-injection-guard')) return null
  return { action: (settings.text('process.injection_action') ?? 'block') as InjectionGuardConfig['action'] }
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
