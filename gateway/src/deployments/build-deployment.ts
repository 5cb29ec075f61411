import type { DeploymentStates } from '../balancing/deployment-states.ts'
import type { CostAdjustmentConfig, ModelConfig, RoutingConfig } from '../config/config.ts'
import { findAdjustment } from '../pricing/find-adjustment.ts'
import { findPriceEntry } from '../pricing/find-prices.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import type { ModelFacts, PriceEntry } from '../pricing/prices.ts'
import { formatUpstreamModel } from '../providers/upstream-model.ts'
import type { ProviderProfile, Wire } from '../providers/wire.ts'
import type { Deployment } from './deployment.ts'
import { DeploymentNames, DeploymentTarget } from './deployment-target.ts'
import { fillBase } from './fill-base.ts'
import { type JoinedUrl, joinUrl } from './join-url.ts'
import { selectWires, stripMode } from './select-wires.ts'

/** What compiling a deployment needs besides its configuration. */
export interface DeploymentSources {
  readonly findProvider: (id: string) => ProviderProfile | null
  readonly findWire: (id: string) => Wire | null
  readonly prices: PriceTable
  readonly states: DeploymentStates
  readonly costAdjustments: CostAdjustmentConfig
}

/**
 * Compiles one `model_list` entry. Errors: throws an Error whose text tells the operator what is wrong with the
 * entry; the caller turns it into a diagnostic.
 */
export function buildDeployment(
  config: ModelConfig,
  routing: RoutingConfig,
  sources: DeploymentSources,
): Deployment {
  const provider = sources.findProvider(config.provider)
  if (provider === null) throw new Error(`provider \`${config.provider}\` is unknown`)
  const { own, responses, messagesByResponses } = selectWires(config, provider, routing.chatForMessages)
  const wire = sources.findWire(own)
  if (wire === null) throw new Error(`provider \`${config.provider}\` is not available yet`)
  const model = stripMode(config.upstreamModel)
  const entry = findPriceEntry(sources.prices, config, model)
  const upstreamModel = formatUpstreamModel(provider, model)
  const located = locate(config, provider, wire, upstreamModel)
  // What every request reads comes first: an object this large is several lines of the processor's caches.
  const deployment: Deployment = {
    state: sources.states.get(config.info.id),
    target: makeTarget(config, config.modelName, provider, upstreamModel, located),
    wire,
    provider,
    responses: null,
    messagesByResponses,
    ...located,
    upstreamModel,
    headers: Object.freeze(buildHeaders(config, provider, wire)),
    authorization: wire.findAuthorization?.(config) ?? null,
    timeoutMs: config.timeoutMs ?? routing.timeoutMs,
    streamTimeoutMs: config.streamTimeoutMs ?? config.timeoutMs ?? routing.streamTimeoutMs,
    mockResponse: config.mockResponse,
    dropParams: config.dropParams,
    tier: config.info.tier,
    editsBody: editsBody(config),
    prices: entry?.prices ?? null,
    adjustment: findAdjustment(sources.costAdjustments, config.provider),
    facts: mergeFacts(config, entry),
    group: config.modelName,
    id: config.info.id,
    config,
    maxParallelRequests: config.maxParallelRequests ?? routing.defaultMaxParallelRequests,
    requestsPerMinute: config.requestsPerMinute,
    tokensPerMinute: config.tokensPerMinute,
    hasBudget: config.budget !== null || routing.providerBudgets[config.provider] !== undefined,
    restricted: config.info.blocked || config.info.teamId !== null,
  }
  const second = responses === null ? null : sources.findWire(responses)
  if (second === null) return deployment
  const secondPlace = locate(config, provider, second, upstreamModel)
  // Versions of Azure's interface from before it had Responses.
  if (secondPlace.paths.chat === null) return deployment
  return { ...deployment, responses: { ...deployment, wire: second, ...secondPlace } }
}

/** The same deployment for one concrete model of a wildcard group. */
export function withUpstreamModel(
  deployment: Deployment,
  group: string,
  model: string,
  prices: PriceTable,
): Deployment {
  const { config, provider, wire } = deployment
  const plainModel = stripMode(model)
  const entry = findPriceEntry(prices, config, plainModel)
  const upstreamModel = formatUpstreamModel(provider, plainModel)
  const { responses } = deployment
  const located = locate(config, provider, wire, upstreamModel)
  return {
    ...deployment,
    ...located,
    target: makeTarget(config, group, provider, upstreamModel, located),
    responses: responses === null ? null : withUpstreamModel(responses, group, model, prices),
    group,
    upstreamModel,
    prices: entry?.prices ?? null,
    facts: mergeFacts(config, entry),
  }
}

function makeTarget(
  { info, regionName }: ModelConfig,
  group: string,
  { id: provider }: ProviderProfile,
  upstreamModel: string,
  { apiBase }: JoinedUrl,
): DeploymentTarget {
  return new DeploymentTarget(
    info.id,
    new DeploymentNames({ group, provider, upstreamModel, apiBase, regionName }),
  )
}

function locate(
  config: ModelConfig,
  provider: ProviderProfile,
  wire: Wire,
  upstreamModel: string,
): JoinedUrl {
  const base = config.apiBase ?? fillBase(provider, config.account) ?? wire.findBaseUrl?.(config) ?? null
  if (base === null) throw new Error(`provider \`${provider.id}\` needs \`api_base\``)
  return joinUrl(base, provider, wire, { upstreamModel, account: config.account })
}

function editsBody(config: ModelConfig): boolean {
  const { defaultParams, extraBody, additionalDropParams, cacheControlInjectionPoints } = config
  const members = Object.keys(defaultParams).length + Object.keys(extraBody).length
  return members + additionalDropParams.length + cacheControlInjectionPoints.length > 0
}

function buildHeaders(config: ModelConfig, provider: ProviderProfile, wire: Wire): readonly string[] {
  const merged = new Map<string, string>([
    ['content-type', 'application/json'],
    ['user-agent', 'routeiq'],
  ])
  const auth = wire.authHeaders(config.apiKey, { provider, account: config })
  for (let index = 0; index + 1 < auth.length; index += 2) {
    merged.set((auth[index] ?? '').toLowerCase(), auth[index + 1] ?? '')
  }
  if (config.organization !== null) merged.set('openai-organization', config.organization)
  for (const headers of [provider.quirks.extraHeaders ?? {}, config.extraHeaders]) {
    for (const [name, value] of Object.entries(headers)) merged.set(name.toLowerCase(), value)
  }
  for (const [name, value] of merged) checkHeader(name, value)
  return [...merged].flat()
}

function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new Error(`\`${name}\` is not a header name`)
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new Error(`the value of header \`${name}\` holds a forbidden character`)
}

function mergeFacts(config: ModelConfig, entry: PriceEntry | null): ModelFacts {
  const supports: Record<string, boolean> = { ...entry?.facts.supports }
  for (const [name, value] of Object.entries(config.info.raw)) {
    if (name.startsWith('supports_') && typeof value === 'boolean') supports[name] = value
  }
  return {
    provider: config.provider,
    mode: config.info.mode,
    maxInputTokens: config.info.maxInputTokens ?? entry?.facts.maxInputTokens ?? null,
    maxOutputTokens:
      config.info.maxOutputTokens ?? config.info.maxTokens ?? entry?.facts.maxOutputTokens ?? null,
    supports,
    deprecationDate: entry?.facts.deprecationDate ?? null,
  }
}
