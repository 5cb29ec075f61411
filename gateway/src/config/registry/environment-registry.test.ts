import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../config.ts'
import { loadFiles } from '../load-for-test.ts'
import { canonicalJson } from '../models/model-id.ts'
import { allSettings, settingsByVariable, variableNames } from './environment-registry.ts'
import { exampleValue } from './example-value.ts'
import type { Setting } from './setting.ts'

const files = {
  'other.yaml': 'model_list: [{model_name: other, litellm_params: {model: openai/o}}]',
  'config.yaml': `model_list:
  - {model_name: a, litellm_params: {model: openai/a}, model_info: {supported_environments: [production]}}
  - {model_name: b, litellm_params: {model: openai/b}, model_info: {supported_environments: [staging]}}
`,
  'candidates.json': '{"a": {"quality_score": 0.9}}',
}

const llamaGuard = { LLAMAGUARD_ENABLED: 'true', LLAMAGUARD_ENDPOINT: 'http://vllm:8000' }
const guardrail = { BEDROCK_GUARDRAIL_ENABLED: 'true', BEDROCK_GUARDRAIL_ID: 'gr1' }

/** Some settings only show beside another one. */
const companions: Readonly<Record<string, Record<string, string>>> = {
  ...Object.fromEntries(
    ['failure_threshold', 'success_threshold', 'timeout', 'window'].map((name) => [
      `process.breaker_${name}`,
      { ROUTEIQ_PROVIDER_CB_ENABLED: 'true' },
    ]),
  ),
  'process.egress_no_proxy': { ROUTEIQ_EGRESS_PROXY: 'http://proxy.test:3128' },
  'process.pii_action': { GUARDRAIL_PII_ENABLED: 'true' },
  'process.pii_entity_types': { GUARDRAIL_PII_ENABLED: 'true' },
  'process.injection_action': { GUARDRAIL_INJECTION_ENABLED: 'true' },
  'process.llamaguard_enabled': { LLAMAGUARD_ENDPOINT: 'http://vllm:8000' },
  'process.llamaguard_endpoint': llamaGuard,
  'process.llamaguard_model': llamaGuard,
  'process.llamaguard_api_key': llamaGuard,
  'process.llamaguard_timeout': llamaGuard,
  'process.llamaguard_fail_mode': llamaGuard,
  'process.bedrock_guardrail_enabled': { BEDROCK_GUARDRAIL_ID: 'gr1' },
  'process.bedrock_guardrail_id': guardrail,
  'process.bedrock_guardrail_version': guardrail,
  'process.bedrock_guardrail_timeout': guardrail,
  'process.bedrock_guardrail_fail_mode': guardrail,
  'plugins.allowlist': { LLMROUTER_PLUGINS: 'cache' },
  'cache.similarity_threshold': { CACHE_SEMANTIC_ENABLED: 'true' },
  'redis.port': { REDIS_HOST: 'cache.test' },
  'redis.username': { REDIS_HOST: 'cache.test' },
  'redis.password': { REDIS_HOST: 'cache.test' },
  'redis.db': { REDIS_HOST: 'cache.test' },
  'redis.ssl': { REDIS_HOST: 'cache.test' },
  'process.local_price_map': { LITELLM_MODEL_COST_MAP_URL: 'https://prices.test/map.json' },
  'routing.experiment_id': { LLMROUTER_STRATEGY_WEIGHTS: '{"llmrouter-auto": 1}' },
  'security.enforce_signed_models': {
    ROUTEIQ_ROUTING__TRUSTED_KEYS: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----',
  },
  'process.separate_health_port': { SEPARATE_HEALTH_APP: 'true' },
  'process.skip_env_validation': { ROUTEIQ_UNHEARD_OF: 'x' },
  'config_sync.s3_bucket': { CONFIG_S3_KEY: 'config.yaml' },
  'config_sync.s3_key': { CONFIG_S3_BUCKET: 'configs', CONFIG_S3_KEY: 'config.yaml' },
  'config_sync.s3_region': { CONFIG_S3_BUCKET: 'configs', CONFIG_S3_KEY: 'config.yaml' },
  'config_sync.s3_endpoint': { CONFIG_S3_BUCKET: 'configs', CONFIG_S3_KEY: 'config.yaml' },
  'process.config_bucket_name': { LITELLM_CONFIG_BUCKET_OBJECT_KEY: 'config.yaml' },
  'process.config_bucket_object_key': {
    LITELLM_CONFIG_BUCKET_NAME: 'configs',
    LITELLM_CONFIG_BUCKET_OBJECT_KEY: 'config.yaml',
  },
  'process.config_bucket_type': {
    LITELLM_CONFIG_BUCKET_NAME: 'configs',
    LITELLM_CONFIG_BUCKET_OBJECT_KEY: 'config.yaml',
  },
  'config_sync.gcs_bucket': { CONFIG_GCS_KEY: 'config.yaml' },
  'config_sync.gcs_key': { CONFIG_GCS_BUCKET: 'configs', CONFIG_GCS_KEY: 'config.yaml' },
  'config_sync.gcs_endpoint': { CONFIG_GCS_BUCKET: 'configs', CONFIG_GCS_KEY: 'config.yaml' },
  'ha.mode': { REDIS_HOST: 'cache.test' },
  'ha.leader_election_backend': { REDIS_HOST: 'cache.test', LLMROUTER_HA_MODE: 'leader_election' },
  'ha.config_sync_leader_election_enabled': { REDIS_HOST: 'cache.test' },
  'security.cors_credentials': { ROUTEIQ_CORS_ORIGINS: 'https://app.test' },
}

const intents = '{"refunds": ["a"]}'

/** Sections that are switched on, and what they need for that. */
const companionsOfSections: Readonly<Record<string, Record<string, string>>> = {
  cost_cascade: { ROUTEIQ_COST_CASCADE__ENABLED: 'true' },
  semantic_intent: {
    ROUTEIQ_SEMANTIC_INTENT__ENABLED: 'true',
    ROUTEIQ_SEMANTIC_INTENT__INTENT_MODEL_GROUPS: intents,
  },
  tag_routing: { ROUTEIQ_TAG_ROUTING__ENABLED: 'true' },
  latency_aware: { ROUTEIQ_LATENCY_AWARE__ENABLED: 'true' },
  region_routing: { ROUTEIQ_REGION_ROUTING__ENABLED: 'true' },
  capability_routing: { ROUTEIQ_CAPABILITY_ROUTING__ENABLED: 'true' },
  kumaraswamy_thompson: { ROUTEIQ_KUMARASWAMY_THOMPSON__ENABLED: 'true' },
  conversation_affinity: { CONVERSATION_AFFINITY_ENABLED: 'true' },
  content_filter: { CONTENT_FILTER_ENABLED: 'true' },
  eval_pipeline: { ROUTEIQ_EVAL_PIPELINE: 'true' },
  linucb: { ROUTEIQ_LINUCB__ENABLED: 'true' },
}

function companionOf({ id, names }: Setting, name: string): Record<string, string> {
  const [section = ''] = id.split('.')
  const companion = companions[id] ?? companionsOfSections[section] ?? {}
  // What switches a section on is tried without itself.
  return id.endsWith('.enabled')
    ? Object.fromEntries(Object.entries(companion).filter(([key]) => key !== name && !names.includes(key)))
    : companion
}

function load(env: Record<string, string>): { config: GatewayConfig; findings: number } {
  const { config, diagnostics } = loadFiles({ files, env })
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  return { config, findings: diagnostics.length }
}

function contentOf({ source: _source, versionHash: _hash, ...content }: GatewayConfig): string {
  return canonicalJson(content)
}

const inForce = allSettings.filter(
  ({ availability, effect }) => availability === 'available' && effect !== 'none',
)
const cases = inForce.flatMap((setting) =>
  variableNames(setting).map((name): [string, Setting] => [name, setting]),
)

describe('environment registry', () => {
  it.each(cases)('%s has its effect', (name, setting) => {
    const companion = companionOf(setting, name)
    const before = load(companion)
    const after = load({ ...companion, [name]: exampleValue(setting) })
    if (setting.effect === 'diagnostics') expect(after.findings).not.toBe(before.findings)
    else expect(contentOf(after.config)).not.toBe(contentOf(before.config))
  })

  it('gives no variable to two settings', () => {
    const names = allSettings.flatMap(variableNames)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(settingsByVariable.size).toBe(names.length)
  })

  it('describes every setting', () => {
    for (const setting of allSettings) {
      expect(setting.meaning, setting.id).not.toBe('')
      if (setting.type === 'choice') expect(setting.choices.length, setting.id).toBeGreaterThan(1)
      expect(variableNames(setting).length, setting.id).toBeGreaterThan(0)
    }
  })

  it('has both the flat name and the group of one stem', () => {
    expect(settingsByVariable.get('ROUTEIQ_PROMPT_MANAGEMENT')?.id).toBe('prompt_management.enabled')
    expect(settingsByVariable.get('ROUTEIQ_PROMPT_MANAGEMENT__ENABLED')?.id).toBe('prompt_management.enabled')
  })
})
