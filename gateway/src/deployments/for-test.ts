import { DeploymentStates } from '../balancing/deployment-states.ts'
import type {
  GatewayConfig,
  ModelAlias,
  ModelConfig,
  ModelInfo,
  ModelRoutingConfig,
  RoutingConfig,
} from '../config/config.ts'
import { loadBuiltInPrices } from '../pricing/built-in-prices.ts'
import { PriceTable } from '../pricing/price-table.ts'
import { findProvider, findWire } from '../providers/registry.ts'
import { buildSnapshot } from './build-snapshot.ts'
import type { CandidateRequest } from './filter-candidates.ts'
import type { RoutingSnapshot } from './routing-snapshot.ts'
import { noAgentModels } from './routing-snapshot.ts'

/** Members of a model entry a test sets; everything else has the loader's defaults. */
export type ModelPatch = Partial<Omit<ModelConfig, 'info'>> & { readonly info?: Partial<ModelInfo> }

let nextId = 0

export function modelConfig(modelName: string, patch: ModelPatch = {}): ModelConfig {
  const info: ModelInfo = {
    id: `deployment-${nextId++}`,
    mode: 'chat',
    baseModel: null,
    maxTokens: null,
    maxInputTokens: null,
    maxOutputTokens: null,
    teamId: null,
    teamPublicModelName: null,
    accessGroups: [],
    tier: null,
    blocked: false,
    allowedFails: null,
    raw: {},
    ...patch.info,
  }
  return { ...modelDefaults, modelName, upstreamModel: modelName, ...patch, info }
}

const modelDefaults: Omit<ModelConfig, 'info' | 'modelName' | 'upstreamModel'> = {
  provider: 'openai',
  apiKey: 'sk-upstream',
  apiBase: null,
  account: {},
  organization: null,
  extraHeaders: {},
  extraBody: {},
  defaultParams: {},
  timeoutMs: null,
  streamTimeoutMs: null,
  numRetries: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  budget: null,
  weight: null,
  order: null,
  tags: [],
  regionName: null,
  maxParallelRequests: null,
  cooldownMs: null,
  dropParams: null,
  additionalDropParams: [],
  cacheControlInjectionPoints: [],
  mockResponse: null,
  usedInPassThrough: false,
  useChatCompletionsApi: null,
  configurableClientsideAuthParams: [],
  prices: {},
}

export const routingDefaults: RoutingConfig = {
  providerBreakers: null,
  providerBudgets: {},
  strategy: 'simple-shuffle',
  strategyArgs: {},
  numRetries: 2,
  maxFallbacks: 5,
  maxTotalAttempts: 8,
  retryAfterMs: 0,
  timeoutMs: 600_000,
  streamTimeoutMs: 600_000,
  streamIdleTimeoutMs: 300_000,
  cooldownMs: 5000,
  disableCooldowns: false,
  allowedFails: null,
  allowedFailsPolicy: {},
  retryPolicy: {},
  modelGroupRetryPolicy: {},
  fallbacks: new Map(),
  contextWindowFallbacks: new Map(),
  contentPolicyFallbacks: new Map(),
  defaultFallbacks: [],
  fallbackOnBadRequest: false,
  chatForMessages: false,
  fallbacksIgnoreKeyModels: true,
  enablePreCallChecks: false,
  conversationAffinity: null,
  enableTagFiltering: false,
  regions: null,
  tagFilteringMatchAny: true,
  defaultMaxParallelRequests: null,
}

const modelRoutingDefaults: ModelRoutingConfig = {
  strategy: 'llmrouter-auto',
  choosesInGroups: false,
  args: {},
  defaultProfile: 'auto',
  routers: [],
  usePrior: true,
  experiment: null,
  bundlePath: null,
  shadows: [],
  bundlesPath: null,
  trustedKeys: [],
  labels: {},
  reloadIntervalMs: 300_000,
  learning: true,
  implicitFeedback: false,
  harnessTags: [],
  skillShift: true,
  guaranteeIntervalMs: 86_400_000,
  shareIntervalMs: 86_400_000,
  exploreRate: 0,
  personal: false,
  hearsOpinions: false,
  baselineModel: null,
  feedbackWindowMs: 604_800_000,
  freeStrict: false,
  strictStrategies: false,
  killSwitch: false,
  judging: null,
}

export interface SnapshotPatch {
  readonly routing?: Partial<RoutingConfig>
  readonly aliases?: Readonly<Record<string, ModelAlias>>
  readonly completionModel?: string
  readonly states?: DeploymentStates
}

export function builtInPriceTable(): PriceTable {
  return new PriceTable(loadBuiltInPrices(), 0)
}

/** Compiles models as a configuration would and returns the whole result. */
export function buildForTest(models: readonly ModelConfig[], patch: SnapshotPatch = {}) {
  const states = patch.states ?? new DeploymentStates()
  const config = {
    versionHash: 'sha256:test',
    models,
    aliases: new Map(Object.entries(patch.aliases ?? {})),
    routing: { ...routingDefaults, ...patch.routing },
    requests: { completionModel: patch.completionModel ?? null },
    costAdjustments: { discounts: {}, margins: {} },
    modelRouting: modelRoutingDefaults,
    // The snapshot reads no other part of the configuration.
  } as unknown as GatewayConfig
  const sources = { findProvider, findWire, prices: builtInPriceTable(), states }
  return { states, ...buildSnapshot(config, sources, noAgentModels) }
}

export function snapshotOf(models: readonly ModelConfig[], patch: SnapshotPatch = {}): RoutingSnapshot {
  return buildForTest(models, patch).snapshot
}

export const anonymous = { teamId: null, keyAliases: null, teamAliases: null }

export function candidateRequest(patch: Partial<CandidateRequest> = {}): CandidateRequest {
  return {
    operation: 'chat',
    inputTokens: 100,
    capabilities: [],
    tags: [],
    teamId: null,
    region: null,
    boundTo: null,
    ...patch,
  }
}

/** A seeded linear congruential generator of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
