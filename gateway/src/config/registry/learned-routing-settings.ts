import { accepted, available, planned, type Setting } from './setting.ts'

/** How a model is learned to be the right one. */
export const learnedRoutingSettings: readonly Setting[] = [
  available(
    'process.models_path',
    'text',
    'models',
    'Folder of bundles that can be put in force over the API',
    ['LLMROUTER_MODELS_PATH'],
  ),
  available('process.model_path', 'text', null, 'Folder of the trained bundle that chooses models', [
    'LLMROUTER_MODEL_PATH',
  ]),
  available(
    'process.llm_data_path',
    'text',
    null,
    'JSON file of what models are good for: `quality_score`, `tier`, `size`, `context_window`, `capabilities` by name',
    ['LLMROUTER_LLM_DATA_PATH'],
    { example: 'candidates.json' },
  ),
  accepted('process.model_manifest_path', 'text', null, 'A bundle holds the digests of its files', [
    'LLMROUTER_MODEL_MANIFEST_PATH',
  ]),
  available(
    'security.enforce_signed_models',
    'boolean',
    true,
    'Where `routing.trusted_keys` are given, refuses bundles that none of them signed',
    ['LLMROUTER_ENFORCE_SIGNED_MODELS'],
  ),
  available(
    'routing.shadow',
    'json',
    null,
    'Strategies that are asked after the answer, and never served',
    [],
    {
      example: '[{"strategy": "llmrouter-bandit", "sample": 0.1}]',
    },
  ),
  available('routing.trusted_keys', 'list', [], 'Public keys (PEM, Ed25519) whose bundles are trusted', [], {
    example: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----',
  }),
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
    'routing.implicit_feedback',
    'boolean',
    false,
    'Takes the same ask again within two minutes for a word against the answer, a weak one',
  ),
  available(
    'routing.explore_rate',
    'number',
    0,
    'Share of requests that try a model nearly as good as the best',
  ),
  available(
    'routing.guarantee_interval',
    'number',
    86_400,
    'Seconds from one test of `mode: guarantee` on judged requests to the next',
  ),
  available(
    'routing.share_interval',
    'number',
    86_400,
    'Seconds from one look at the traffic that `strong_share` is a share of to the next',
  ),
  available(
    'routing.harness_tags',
    'list',
    [
      ...['system-reminder', 'command-name', 'command-message', 'command-args', 'local-command-stdout'],
      ...['environment_context', 'context', 'attachments', 'ide_selection'],
    ],
    'Blocks `<tag…>…</tag>` of user messages that a harness wrote, and nobody asked',
    [],
    { example: 'system-reminder,scratchpad' },
  ),
  available(
    'routing.skill_shift',
    'boolean',
    true,
    'Chooses models with the skills they will be offered in mind',
  ),
  available('routing.baseline_model', 'text', null, 'Model that savings and quality are compared with'),
  available('routing.feedback_window_days', 'number', 7, 'Days after which an outcome comes too late'),
  available(
    'routing.free_strict',
    'boolean',
    false,
    'Profile `free` without a free model is 503, and not `eco`',
  ),
  available('routing.kill_switch', 'boolean', false, 'Takes the first model in the order of the file'),
  available('routing.strict_strategies', 'boolean', false, 'Refuses a strategy that is not available'),
  available('routing.centroid_enabled', 'boolean', true, 'Another name of `use_prior`: both must be on', [
    'ROUTEIQ_CENTROID_ROUTING',
  ]),
  accepted('routing.centroid_warmup', 'boolean', false, 'The classifier is in memory from the start', [
    'ROUTEIQ_CENTROID_WARMUP',
  ]),
  available(
    'routing.personalized_enabled',
    'boolean',
    false,
    'Lets what a user says of models move the estimates for that user',
    ['ROUTEIQ_PERSONALIZED_ROUTING'],
  ),
  accepted('routing.personalized_dim', 'integer', 128, 'Opinions are kept by model', [
    'ROUTEIQ_PREFERENCE_DIM',
  ]),
  accepted('routing.personalized_learning_rate', 'number', 0.1, 'Opinions are averaged', [
    'ROUTEIQ_PREFERENCE_LEARNING_RATE',
  ]),
  accepted('routing.personalized_decay', 'number', 0.99, 'Thirty days halve the weight of opinions', [
    'ROUTEIQ_PREFERENCE_DECAY',
  ]),
  accepted(
    'process.cluster_stats_enabled',
    'boolean',
    true,
    'Choices of all replicas are counted in the database',
    ['ROUTEIQ_CLUSTER_STATS_ENABLED'],
  ),
  accepted('process.stats_max_rollup_entries', 'integer', null, 'Choices are counted when somebody asks', [
    'ROUTEIQ_STATS_MAX_ROLLUP_ENTRIES',
  ]),
  accepted(
    'process.multinode_affinity_enabled',
    'boolean',
    false,
    'Conversations are held in all processes that share Redis',
    ['ROUTEIQ_MULTINODE_AFFINITY_ENABLED'],
  ),
  available('conversation_affinity.enabled', 'boolean', false, 'Keeps a conversation on its deployment', [
    'CONVERSATION_AFFINITY_ENABLED',
  ]),
  available('conversation_affinity.ttl', 'integer', 3600, 'Seconds after its last request', [
    'CONVERSATION_AFFINITY_TTL',
  ]),
  available('conversation_affinity.max_entries', 'integer', 10_000, 'Conversations remembered', [
    'CONVERSATION_AFFINITY_MAX_ENTRIES',
  ]),
  accepted(
    'router_r1.enabled',
    'boolean',
    false,
    'There is no reasoning router; `/api/v1/routeiq/routing/r1` says so',
    ['ROUTEIQ_ROUTER_R1_ENABLED'],
  ),
  accepted('router_r1.max_total_tokens', 'integer', 0, 'There is no reasoning router', [
    'ROUTEIQ_ROUTER_R1_MAX_TOTAL_TOKENS',
  ]),
  accepted('router_r1.max_total_latency_ms', 'integer', 0, 'There is no reasoning router', [
    'ROUTEIQ_ROUTER_R1_MAX_TOTAL_LATENCY_MS',
  ]),
  planned('process.mlops_challenger', 'text', null, 'Challenger model', ['LLMROUTER_MLOPS_CHALLENGER']),
  available(
    'cost_cascade.enabled',
    'boolean',
    false,
    'Cheap models answer `auto` first, dear ones where that does not hold',
  ),
  available(
    'cost_cascade.confidence_threshold',
    'number',
    0.7,
    'Token probability below which the next model answers',
    [],
    { example: '0.5' },
  ),
  available('cost_cascade.max_rungs', 'integer', 4, 'Models asked in turn at most, 4 being the most', [], {
    example: '3',
  }),
  available(
    'cost_cascade.buffer_stream',
    'boolean',
    false,
    'Streams are answered so too: nothing of one is sent before its answer is kept',
  ),
  available(
    'cost_cascade.latency_budget_ms',
    'number',
    null,
    'One model is called where the 95th percentiles of all that may be called come to more',
    [],
    { example: '8000' },
  ),
  available('semantic_intent.enabled', 'boolean', false, 'What an ask of `auto` is about leads to models'),
  available(
    'semantic_intent.intent_model_groups',
    'json',
    {},
    'Intent to `{examples, models}`, or to models where its name says enough',
    [],
    {
      example: '{"billing": {"examples": ["why was I charged twice"], "models": ["small"]}}',
    },
  ),
  available(
    'semantic_intent.similarity_threshold',
    'number',
    0.3,
    'Likeness to an example that is needed, 0 to 1',
    [],
    { example: '0.5' },
  ),
  available(
    'tag_routing.enabled',
    'boolean',
    false,
    'Tags, patterns of the prompt and clients lead from `auto` to models',
  ),
  available('tag_routing.tag_model_groups', 'json', {}, 'Tag to models', [], {
    example: '{"batch": ["small"]}',
  }),
  available('tag_routing.regex_model_groups', 'json', {}, 'Pattern of the prompt to models', [], {
    example: '{"^translate": ["small"]}',
  }),
  available('tag_routing.user_agent_model_groups', 'json', {}, 'Pattern of `User-Agent` to models', [], {
    example: '{"^claude-cli": ["large"]}',
  }),
  available('latency_aware.enabled', 'boolean', false, '`auto` takes models that have been quick enough'),
  available(
    'latency_aware.p_latency_target_ms',
    'number',
    2000,
    'Milliseconds to the first byte that are quick enough',
  ),
  available('latency_aware.percentile', 'number', 0.95, 'Percentile that is compared with the target', [], {
    example: '0.5',
  }),
  available('latency_aware.max_latency_samples', 'integer', 256, 'Last answers that count, 256 at most', [], {
    example: '64',
  }),
  available('region_routing.enabled', 'boolean', false, 'Requests may name the region that processes them'),
  available('region_routing.region_header', 'text', 'X-RouteIQ-Region', 'Header that names the region', [], {
    example: 'x-region',
  }),
  available(
    'region_routing.region_map',
    'json',
    {},
    'Region to ids, models and `region_name`s that count to it',
    [],
    { example: '{"eu": ["eu-west-1"]}' },
  ),
  available(
    'region_routing.hard_residency_default',
    'boolean',
    false,
    'Nothing outside of the region answers, even if nothing does',
  ),
  available(
    'capability_routing.enabled',
    'boolean',
    false,
    'Demanding asks of `auto` go to models of a capable tier',
  ),
  available(
    'capability_routing.strict',
    'boolean',
    false,
    'Leaves out models that `model_tiers` does not name',
  ),
  available('capability_routing.tier_order', 'list', ['fast', 'advanced', 'expert'], 'Tiers, weakest first'),
  available('capability_routing.default_tier', 'text', 'advanced', 'Tier of models that are not named', [], {
    example: 'fast',
  }),
  available('capability_routing.model_tiers', 'json', {}, 'Model to tier', [], {
    example: '{"small": "fast"}',
  }),
  available('capability_routing.complex_min_tier', 'text', 'expert', 'Weakest tier for demanding asks', [], {
    example: 'advanced',
  }),
  available('capability_routing.simple_min_tier', 'text', 'fast', 'Weakest tier for all others', [], {
    example: 'advanced',
  }),
  available(
    'kumaraswamy_thompson.enabled',
    'boolean',
    false,
    'The bandit chooses for `auto`, where no `routing_strategy` does',
  ),
  available('kumaraswamy_thompson.cold_start_kappa', 'number', 5, 'Outcomes that an estimate is worth'),
  available(
    'kumaraswamy_thompson.w_quality',
    'number',
    0.5,
    'With `w_cost`: λ is cost over quality; unset: λ of the profile',
  ),
  available('kumaraswamy_thompson.w_cost', 'number', 0.4, 'Weight of cost'),
  available(
    'kumaraswamy_thompson.w_latency',
    'number',
    0.1,
    'With `w_quality`: what waiting weighs; unset: nothing',
  ),
  accepted('kumaraswamy_thompson.backend', 'text', 'memory', 'What is learned is kept in the database'),
  accepted('kumaraswamy_thompson.state_path', 'text', null, 'What is learned is kept in the database'),
  accepted(
    'kumaraswamy_thompson.flush_interval_seconds',
    'number',
    5,
    'Outcomes are written within five seconds',
  ),
  accepted(
    'kumaraswamy_thompson.flush_dirty_threshold',
    'integer',
    32,
    'Outcomes are written within five seconds',
  ),
  accepted('kumaraswamy_thompson.decay_gamma', 'number', 0.99, 'A week halves the weight of outcomes'),
  accepted('kumaraswamy_thompson.seed', 'integer', null, 'Draws are seeded by the id of the decision'),
  accepted(
    'kumaraswamy_thompson.reward_profile',
    'text',
    'balanced',
    'The profile of a request says what cost weighs',
  ),
  accepted('kumaraswamy_thompson.cost_reward_alpha', 'number', 0.5, 'Cost is known and never learned'),
  available(
    'linucb.enabled',
    'boolean',
    false,
    'LinUCB chooses for `auto`, where no `routing_strategy` does; needs a bundle',
  ),
  available('linucb.alpha', 'number', 0.1, 'How curious it is'),
  available(
    'linucb.tenant_buckets',
    'integer',
    8,
    'Teams share so many places in what is learned while serving; 0: all of them one',
  ),
  accepted('linucb.seed', 'integer', null, 'Nothing in it is drawn'),
]
