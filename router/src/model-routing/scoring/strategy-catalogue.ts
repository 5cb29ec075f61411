/** How a strategy name is served: by code here, by another name's code, or not. */
type StrategyStatus = 'native' | 'alias' | 'not_available'

export interface StrategyEntry {
  readonly name: string
  readonly status: StrategyStatus
  /** The name whose code runs; its own for native ones, the default's for those that are not available. */
  readonly implementedBy: string
  /** `routing_strategy_args` it reads. */
  readonly args: readonly string[]
  /** Without a trained bundle the default takes its place. */
  readonly needsArtifact: boolean
  readonly family:
    | 'ensemble'
    | 'neighbours'
    | 'linear'
    | 'neural'
    | 'rating'
    | 'bandit'
    | 'rules'
    | 'live'
    | 'kernel'
    | 'cascade'
    | 'fixed'
    | 'none'
}

/** What runs where a strategy cannot. */
export const defaultStrategy = 'llmrouter-auto'

const native = (
  name: string,
  family: StrategyEntry['family'],
  args: readonly string[],
  needsArtifact = false,
): StrategyEntry => ({ name, status: 'native', implementedBy: name, args, needsArtifact, family })

const alias = (name: string, of: string, needsArtifact = false): StrategyEntry => ({
  name,
  status: 'alias',
  implementedBy: of,
  args: [],
  needsArtifact,
  family: 'none',
})

const missing = (name: string): StrategyEntry => ({
  name,
  status: 'not_available',
  implementedBy: defaultStrategy,
  args: [
    ...['inner_strategy', 'inner_args', 'module', 'remote_url', 'remote_timeout_ms', 'remote_model'],
    'remote_api_key',
  ],
  needsArtifact: false,
  family: 'none',
})

const common = ['profile', 'lambda', 'inner_strategy', 'inner_args', 'label_mapping', 'model_path']
const tiers = [...common, 'tier_mapping']
/** Arguments of a promise about the mean. */
const promised = [...common, 'mode', 'epsilon', 'delta']
const pair = [...common, 'small', 'large']

/** Every strategy name that a configuration may hold. */
export const strategyCatalogue: readonly StrategyEntry[] = [
  native(defaultStrategy, 'ensemble', promised),
  native('llmrouter-knn', 'neighbours', [...promised, 'n_neighbors', 'weights', 'metric'], true),
  native('llmrouter-centroid', 'rules', [...tiers, 'confidence_threshold', 'session_ttl']),
  alias('llmrouter-nadirclaw-centroid', 'llmrouter-centroid'),
  native('llmrouter-rules', 'rules', [...tiers, 'rules']),
  native('llmrouter-tag-regex-ua', 'rules', [
    ...common,
    'tag_model_groups',
    'regex_model_groups',
    'user_agent_model_groups',
  ]),
  native('llmrouter-cost-aware', 'rules', [
    ...common,
    'quality_threshold',
    'cost_weight',
    'max_cost_per_1k_tokens',
  ]),
  native('llmrouter-bandit', 'bandit', [...common, 'cold_start_kappa', 'latency_weight']),
  native('llmrouter-smallest', 'fixed', common),
  native('llmrouter-largest', 'fixed', common),
  native('llmrouter-random', 'fixed', [...common, 'weights', 'seed']),
  native('llmrouter-svm', 'kernel', [...promised, 'C'], true),
  native('llmrouter-mlp', 'neural', [...promised, 'hidden_layer_sizes', 'max_iter'], true),
  native('llmrouter-mf', 'neural', [...promised, 'loss'], true),
  native('llmrouter-elo', 'rating', [...promised, 'per_domain', 'k_factor'], true),
  native('llmrouter-kmeans', 'neighbours', [...promised, 'alpha'], true),
  native('llmrouter-dc', 'neural', promised, true),
  alias('llmrouter-routerdc', 'llmrouter-dc', true),
  native('llmrouter-hybrid', 'linear', [...pair, 'threshold', 'mode'], true),
  native('llmrouter-threshold', 'linear', [...pair, 'threshold', 'strong_share'], true),
  native('llmrouter-linucb', 'bandit', [...common, 'alpha', 'tenant_buckets'], true),
  native('llmrouter-semantic-intent', 'rules', [...common, 'intent_model_groups', 'similarity_threshold']),
  native('llmrouter-capability', 'rules', [
    ...common,
    'model_tiers',
    'tier_order',
    'default_tier',
    'strict',
    'complex_min_tier',
    'simple_min_tier',
  ]),
  native('llmrouter-latency-sla', 'live', [
    ...common,
    'p_latency_target_ms',
    'percentile',
    'max_latency_samples',
  ]),
  native('llmrouter-usage-based', 'live', common),
  native('llmrouter-least-busy', 'live', common),
  native('llmrouter-personalized', 'live', common),
  native('llmrouter-cascade', 'cascade', [
    ...common,
    'mode',
    'rungs',
    'max_rungs',
    'confidence_threshold',
    'comparator',
    'ignored_paths',
    'buffer_stream',
    'latency_budget_ms',
  ]),
  alias('llmrouter-cost-cascade', 'llmrouter-cascade'),
  native('llmrouter-automix', 'cascade', [
    ...[...pair, 'verifications', 'threshold', 'beliefs', 'buffer_stream', 'latency_budget_ms'],
  ]),
  alias('llmrouter-graph', 'llmrouter-mf', true),
  alias('llmrouter-gmt', 'llmrouter-mf', true),
  ...['custom', 'kv-cache-aware', 'causallm', 'r1', 'knn-multiround', 'llm-multiround'].map((name) =>
    missing(`llmrouter-${name}`),
  ),
  alias('routeiq-kumaraswamy-thompson', 'llmrouter-bandit'),
]

const byName = new Map(strategyCatalogue.map((entry) => [entry.name, entry]))

/** LLMRouter's own names for the same things. */
const bareNames: Readonly<Record<string, string>> = {
  knnrouter: 'llmrouter-knn',
  svmrouter: 'llmrouter-svm',
  mlprouter: 'llmrouter-mlp',
  mfrouter: 'llmrouter-mf',
  elorouter: 'llmrouter-elo',
  dcrouter: 'llmrouter-dc',
  hybrid_llm: 'llmrouter-hybrid',
  graphrouter: 'llmrouter-graph',
  automixrouter: 'llmrouter-automix',
  causallm_router: 'llmrouter-causallm',
  gmtrouter: 'llmrouter-gmt',
  router_r1: 'llmrouter-r1',
  smallest_llm: 'llmrouter-smallest',
  largest_llm: 'llmrouter-largest',
}

/** Whether arguments say where a strategy that is not available here is served. */
export function isServedElsewhere(name: string, args: Readonly<Record<string, unknown>>): boolean {
  if (findStrategy(name)?.status !== 'not_available') return false
  return args['remote_url'] !== undefined || (name === 'llmrouter-custom' && args['module'] !== undefined)
}

/** Whether a configuration can have a strategy choose models, with these arguments. */
export function canRun(name: string, args: Readonly<Record<string, unknown>>): boolean {
  const status = findStrategy(name)?.status ?? 'not_available'
  return status !== 'not_available' || isServedElsewhere(name, args)
}

/** The entry of a name as configured; null when nothing is called so. */
export function findStrategy(name: string): StrategyEntry | null {
  return byName.get(bareNames[name] ?? name) ?? null
}
