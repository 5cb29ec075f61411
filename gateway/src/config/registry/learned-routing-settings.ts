import { accepted, available, planned, plannedSwitch, type Setting } from './setting.ts'

/** How a model is learned to be the right one. */
export const learnedRoutingSettings: readonly Setting[] = [
  planned('process.models_path', 'text', 'models', 'Folder of routing models', ['LLMROUTER_MODELS_PATH']),
  available('process.model_path', 'text', null, 'Folder of the trained bundle that chooses models', [
    'LLMROUTER_MODEL_PATH',
  ]),
  planned('process.llm_data_path', 'text', null, 'Candidate models', ['LLMROUTER_LLM_DATA_PATH']),
  planned('process.model_manifest_path', 'text', null, 'Manifest of routing models', [
    'LLMROUTER_MODEL_MANIFEST_PATH',
  ]),
  planned('security.enforce_signed_models', 'boolean', true, 'Refuses unsigned routing models', [
    'LLMROUTER_ENFORCE_SIGNED_MODELS',
  ]),
  accepted('process.allow_pickle_models', 'boolean', false, 'Pickles are never executed', [
    'LLMROUTER_ALLOW_PICKLE_MODELS',
  ]),
  accepted('process.strict_pickle_mode', 'boolean', false, 'Pickles are never executed', [
    'LLMROUTER_STRICT_PICKLE_MODE',
  ]),
  accepted('process.pickle_allowlist', 'list', [], 'Pickles are never executed', [
    'LLMROUTER_PICKLE_ALLOWLIST',
  ]),
  available(
    'routing.default_profile',
    'choice',
    'auto',
    'Profile of requests that name none',
    ['ROUTEIQ_ROUTING_PROFILE'],
    { choices: ['auto', 'eco', 'premium', 'free', 'reasoning'], example: 'eco' },
  ),
  available('routing.routers', 'json', null, 'Names that stand for a pool of models', [], {
    example: '{"cheap": {"profile": "eco"}}',
  }),
  available('routing.use_prior', 'boolean', true, 'Decides by the shipped prior until something is trained'),
  available('routing.learning', 'boolean', true, 'Lets outcomes move the estimates of models'),
  available(
    'routing.explore_rate',
    'number',
    0,
    'Share of requests that try a model nearly as good as the best',
  ),
  available('routing.baseline_model', 'text', null, 'Model that savings and quality are compared with'),
  available('routing.feedback_window_days', 'number', 7, 'Days after which an outcome comes too late'),
  available('routing.kill_switch', 'boolean', false, 'Takes the first model in the order of the file'),
  available('routing.strict_strategies', 'boolean', false, 'Refuses a strategy that is not available'),
  planned('routing.centroid_enabled', 'boolean', true, 'Classifier without training', [
    'ROUTEIQ_CENTROID_ROUTING',
  ]),
  planned('routing.centroid_warmup', 'boolean', false, 'Loads the classifier at start', [
    'ROUTEIQ_CENTROID_WARMUP',
  ]),
  available(
    'routing.personalized_enabled',
    'boolean',
    false,
    'Lets what a user says of models move the estimates for that user',
    ['ROUTEIQ_PERSONALIZED_ROUTING'],
  ),
  planned('routing.personalized_dim', 'integer', 128, 'Size of a preference', ['ROUTEIQ_PREFERENCE_DIM']),
  planned('routing.personalized_learning_rate', 'number', 0.1, 'Learning rate', [
    'ROUTEIQ_PREFERENCE_LEARNING_RATE',
  ]),
  planned('routing.personalized_decay', 'number', 0.99, 'Forgetting', ['ROUTEIQ_PREFERENCE_DECAY']),
  planned('process.cluster_stats_enabled', 'boolean', true, 'Statistics per kind of prompt', [
    'ROUTEIQ_CLUSTER_STATS_ENABLED',
  ]),
  planned('process.stats_max_rollup_entries', 'integer', null, 'Statistics kept', [
    'ROUTEIQ_STATS_MAX_ROLLUP_ENTRIES',
  ]),
  plannedSwitch('process.multinode_affinity_enabled', 'Affinity across replicas', [
    'ROUTEIQ_MULTINODE_AFFINITY_ENABLED',
  ]),
  plannedSwitch('conversation_affinity.enabled', 'Keeps a conversation on its deployment', [
    'CONVERSATION_AFFINITY_ENABLED',
  ]),
  planned('conversation_affinity.ttl', 'integer', 3600, 'Seconds a conversation is remembered', [
    'CONVERSATION_AFFINITY_TTL',
  ]),
  planned('conversation_affinity.max_entries', 'integer', 10_000, 'Conversations remembered', [
    'CONVERSATION_AFFINITY_MAX_ENTRIES',
  ]),
  plannedSwitch('router_r1.enabled', 'Reasoning router', ['ROUTEIQ_ROUTER_R1_ENABLED']),
  planned('router_r1.max_total_tokens', 'integer', 0, 'Its token limit', [
    'ROUTEIQ_ROUTER_R1_MAX_TOTAL_TOKENS',
  ]),
  planned('router_r1.max_total_latency_ms', 'integer', 0, 'Its time limit', [
    'ROUTEIQ_ROUTER_R1_MAX_TOTAL_LATENCY_MS',
  ]),
  planned('process.mlops_challenger', 'text', null, 'Challenger model', ['LLMROUTER_MLOPS_CHALLENGER']),
  plannedSwitch('cost_cascade.enabled', 'Cheap model first'),
  planned('cost_cascade.confidence_threshold', 'number', 0.7, 'Confidence that ends the cascade'),
  planned('cost_cascade.max_rungs', 'integer', 4, 'Models tried'),
  plannedSwitch('semantic_intent.enabled', 'Routing by intent'),
  planned('semantic_intent.intent_model_groups', 'json', {}, 'Intent to models'),
  planned('semantic_intent.similarity_threshold', 'number', 0, 'Similarity needed'),
  plannedSwitch('tag_routing.enabled', 'Routing by tag'),
  planned('tag_routing.tag_model_groups', 'json', {}, 'Tag to models'),
  planned('tag_routing.regex_model_groups', 'json', {}, 'Pattern to models'),
  planned('tag_routing.user_agent_model_groups', 'json', {}, 'Client to models'),
  plannedSwitch('latency_aware.enabled', 'Routing to a latency target'),
  planned('latency_aware.p_latency_target_ms', 'number', 2000, 'Target'),
  planned('latency_aware.percentile', 'number', 0.95, 'Percentile of the target'),
  planned('latency_aware.max_latency_samples', 'integer', 256, 'Samples kept'),
  plannedSwitch('region_routing.enabled', 'Routing by region'),
  planned('region_routing.region_header', 'text', 'X-RouteIQ-Region', 'Header that names the region'),
  planned('region_routing.region_map', 'json', {}, 'Region to deployments'),
  planned('region_routing.hard_residency_default', 'boolean', false, 'Never leaves the region'),
  plannedSwitch('capability_routing.enabled', 'Routing by capability'),
  planned('capability_routing.strict', 'boolean', false, 'Refuses models of unknown capability'),
  planned('capability_routing.tier_order', 'list', ['fast', 'advanced', 'expert'], 'Tiers, weakest first'),
  planned('capability_routing.default_tier', 'text', 'advanced', 'Tier of unknown models'),
  planned('capability_routing.model_tiers', 'json', {}, 'Model to tier'),
  planned('capability_routing.complex_min_tier', 'text', 'expert', 'Weakest tier for complex prompts'),
  planned('capability_routing.simple_min_tier', 'text', 'fast', 'Weakest tier for simple prompts'),
  plannedSwitch('kumaraswamy_thompson.enabled', 'Bandit routing'),
  planned('kumaraswamy_thompson.backend', 'text', 'memory', 'Where counts live'),
  planned('kumaraswamy_thompson.state_path', 'text', null, 'File of the counts'),
  planned('kumaraswamy_thompson.flush_interval_seconds', 'number', 5, 'Seconds between writes'),
  planned('kumaraswamy_thompson.flush_dirty_threshold', 'integer', 32, 'Changes that force a write'),
  planned('kumaraswamy_thompson.reward_profile', 'text', 'balanced', 'Reward profile'),
  planned('kumaraswamy_thompson.w_quality', 'number', 0.5, 'Weight of quality'),
  planned('kumaraswamy_thompson.w_cost', 'number', 0.4, 'Weight of cost'),
  planned('kumaraswamy_thompson.w_latency', 'number', 0.1, 'Weight of latency'),
  planned('kumaraswamy_thompson.cost_reward_alpha', 'number', 0.5, 'Shape of the cost reward'),
  planned('kumaraswamy_thompson.decay_gamma', 'number', 0.99, 'Forgetting'),
  planned('kumaraswamy_thompson.cold_start_kappa', 'number', 5, 'Weight of the prior'),
  planned('kumaraswamy_thompson.seed', 'integer', null, 'Random seed'),
  plannedSwitch('linucb.enabled', 'Contextual bandit routing'),
  planned('linucb.alpha', 'number', 1, 'Exploration'),
  planned('linucb.tenant_buckets', 'integer', 8, 'Buckets of tenants'),
  planned('linucb.seed', 'integer', null, 'Random seed'),
]
