import type { PluginContext, PluginLogger } from '@routeiq/contract'
import type { GatewayConfig } from '../config/config.ts'
import { isSecretParameter } from '../deployments/secret-parameter.ts'
import type { Evaluated } from '../plugins/evaluators.ts'
import { importPlugin } from '../plugins/import-plugin.ts'
import { loadPlugins } from '../plugins/load-plugins.ts'
import { type AbsentPlugin, type PluginIdentity, PluginStartError } from '../plugins/loaded-plugin.ts'
import { PluginHost } from '../plugins/plugin-host.ts'
import { type AskOwnRoute, PluginPlanes } from '../plugins/plugin-planes.ts'
import { PluginStrategies } from '../plugins/plugin-strategies.ts'
import type { PluginFailure } from '../plugins/running-plugin.ts'
import { StrategyModules } from '../plugins/strategy-modules.ts'
import type { Logger } from '../telemetry/logger.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import { createGuardServices } from './guard-services.ts'
import { StartFailure } from './listen.ts'
import type { Telemetry } from './telemetry.ts'

const hookMs = 5_000
const longestMessage = 2_048

export interface OpenPlugins {
  /** Null where no plugin runs. */
  readonly host: PluginHost | null
  readonly absent: readonly AbsentPlugin[]
  readonly strategies: PluginStrategies
  /** Those that are modules of their own. */
  readonly modules: StrategyModules
  /** Errors: StartFailure where one fails that must not. */
  start(): Promise<void>
}

export interface PluginParts {
  readonly config: () => GatewayConfig
  readonly telemetry: Telemetry
  /** Where modules are found. */
  readonly directory: string
  readonly now: () => number
  /** How plugins reach the gateway. */
  readonly ask: AskOwnRoute
}

/** Loads the operator's plugins. Errors: StartFailure where one is wanted that cannot run. */
export async function openPlugins(parts: PluginParts): Promise<OpenPlugins> {
  const { config, telemetry, directory } = parts
  const { plugins: settings, identity, userEgress } = config()
  const { logger, metrics } = telemetry
  const strategies = new PluginStrategies()
  const modules = new StrategyModules((specifier) =>
    importPlugin({ written: specifier, specifier, digest: null }, directory),
  )
  try {
    const services = createGuardServices(config(), parts.now)
    const { plugins, absent } = await loadPlugins(
      settings,
      (module) => importPlugin(module, directory),
      services,
    )
    for (const { written, status, reason } of absent)
      logger.log('error', 'plugin_not_loaded', { plugin: written, status, reason })
    if (plugins.length === 0) return { host: null, absent, strategies, modules, start: async () => {} }
    const egress = new UserEgress(userEgress)
    const host = new PluginHost({
      hookMs,
      startupMs: settings.startupTimeoutMs,
      keyHeader: identity.keyHeaderName?.toLowerCase() ?? null,
      contextOf: (plugin) => createContext(plugin, { ...parts, strategies, egress }),
      onEvaluated: (evaluated) => logEvaluation(logger, evaluated),
      onCheck: metrics.plugins.countCheck,
      onFailure: (failure) => {
        metrics.plugins.countFailure(failure)
        logFailure(logger, failure)
      },
    })
    const start = async (): Promise<void> => {
      await host.start(plugins).catch(refuseStart)
      logger.log('info', 'plugins_started', {
        plugins: plugins.map(({ identity: { name } }) => name).join(' '),
      })
    }
    return { host, absent, strategies, modules, start }
  } catch (error) {
    return refuseStart(error)
  }
}

function refuseStart(error: unknown): never {
  throw error instanceof PluginStartError ? new StartFailure(error.message) : error
}

/** A configuration for the eyes of plugins: what may be secret is masked. */
export function maskConfig(config: GatewayConfig, redactText: (text: string) => string): unknown {
  const text = JSON.stringify(config, (name, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'string') return value
    return isSecretParameter(name.toLowerCase()) ? '***' : redactText(value)
  })
  return JSON.parse(text)
}

interface ContextParts extends PluginParts {
  readonly strategies: PluginStrategies
  readonly egress: UserEgress
}

/** What a plugin is offered, by its capabilities. */
function createContext(
  { name: plugin, capabilities }: PluginIdentity,
  { config, telemetry, ask, strategies, egress }: ContextParts,
): PluginContext {
  const { logger, metrics, redactText } = telemetry
  const mayReach = capabilities.includes('TOOL_RUNTIME')
  const { mcp, a2a, configSync, routing, resilience } = new PluginPlanes({
    ...{ plugin, ask, strategies, mayRoute: capabilities.includes('ROUTING_STRATEGY') },
    isMcpOn: () => config().mcp.enabled,
    isA2aOn: () => config().a2a.isEnabled,
    currentConfig: () => maskConfig(config(), redactText),
  })
  const listModels = () =>
    config().models.map(({ modelName, provider, upstreamModel, info }) => ({
      ...{ modelName, provider, upstreamModel, modelId: info.id },
    }))
  return Object.freeze<PluginContext>({
    settings: Object.freeze({ ...config().plugins.settings }),
    logger: createLogger(plugin, logger),
    metrics: metrics.plugins.of(plugin),
    models: {
      listModels,
      getModel: (name: string) => listModels().find(({ modelName }) => modelName === name) ?? null,
    },
    mcp: mayReach && mcp.isEnabled() ? mcp : null,
    a2a: mayReach && a2a.isEnabled() ? a2a : null,
    ...{ configSync, routing, resilience },
    validateOutboundUrl: async (url: string) => {
      const refusal = await egress.refuseTarget(url)
      if (refusal !== null) throw new Error(`${url} may not be called: ${refusal}`)
      return url
    },
  })
}

function createLogger(plugin: string, logger: Logger): PluginLogger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): PluginLogger[typeof level] =>
    (message, fields = {}) =>
      logger.log(level, 'plugin', { ...fields, plugin, message: message.slice(0, longestMessage) })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function logEvaluation(
  logger: Logger,
  { plugin, hook, requestId, score, status, durationMs }: Evaluated,
): void {
  logger.log('info', 'evaluation', {
    ...{ plugin, request_id: requestId, score, status, duration_ms: durationMs },
    invocation_type: hook === 'evaluateMcpResult' ? 'mcp' : 'a2a',
  })
}

function logFailure(logger: Logger, { plugin, hook, outcome, error, requestId }: PluginFailure): void {
  const message = error instanceof Error ? error.message : String(error)
  logger.log('error', 'plugin_failed', {
    ...{ plugin, hook, outcome, request_id: requestId },
    error_message: message.slice(0, longestMessage),
  })
}
