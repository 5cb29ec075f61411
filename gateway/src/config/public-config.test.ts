import { describe, expect, it } from 'vitest'
import { loadText } from './load-for-test.ts'

const publicConfig = `
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      rpm: 480
    model_info: {base_model: gpt-4o-2024-08-06}
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://eu.openai.azure.com/
      api_version: "2024-10-21"
  - model_name: gpt-4o-mini
    litellm_params: {model: gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, order: 1, weight: 3}
  - model_name: claude-sonnet
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: os.environ/ANTHROPIC_API_KEY
      max_tokens: "8192"
      cache_control_injection_points: [{location: message, role: system}]
  - model_name: claude-thinking
    litellm_params:
      model: claude-opus-4-1
      thinking: {type: enabled, budget_tokens: 2048}
      extra_headers: {anthropic-beta: output-128k, x-number: 7}
  - model_name: llama
    litellm_params: {model: groq/llama-3.3-70b, api_key: os.environ/GROQ_API_KEY, num_retries: 0}
  - model_name: local
    litellm_params: {model: openai/qwen/qwen3, api_base: http://localhost:8000/v1, api_key: none}
  - model_name: "openai/*"
    litellm_params: {model: "openai/*", litellm_credential_name: shared}
  - model_name: "team-*-chat"
    litellm_params: {model: "mistral/*-latest", api_key: os.environ/NOT_SET}
  - model_name: embeddings
    litellm_params: {model: text-embedding-3-small, tags: [free, eu], tpm: 1000000}
    model_info: {mode: embedding, access_groups: [beta], my_own_note: kept}
  - model_name: multi-org
    litellm_params: {model: openai/gpt-4.1, organization: [org-1, org-2, org-3]}
  - model_name: fake
    litellm_params: {model: openai/fake, mock_response: hello, input_cost_per_token: 0.000001}
credential_list:
  - credential_name: shared
    credential_values: {api_key: os.environ/OPENAI_API_KEY, api_base: https://proxy.example.org/v1}
    credential_info: {custom_llm_provider: openai}
litellm_settings:
  drop_params: True
  set_verbose: False
  num_retries: 3
  request_timeout: "120"
  telemetry: False
  json_logs: true
  success_callback: ["langfuse"]
  context_window_fallbacks: [{"gpt-4o-mini": ["gpt-4o"]}]
  default_fallbacks: ["llama"]
router_settings:
  routing_strategy: usage-based-routing-v2
  routing_strategy_args: {ttl: 60}
  allowed_fails: 2
  cooldown_time: 30
  enable_pre_call_checks: true
  retry_policy: {TimeoutErrorRetries: "1", RateLimitErrorRetries: 4}
  fallbacks: [{"gpt-4o": ["claude-sonnet", "llama"]}, {"openai/gpt-5": "gpt-4o"}]
  model_group_alias: {gpt-4: gpt-4o, secret: {model: claude-sonnet, hidden: true}}
  some_future_key: 1
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_connection_pool_limit: 100
  alerting: ["slack"]
  proxy_batch_write_at: 60
`
const env = {
  OPENAI_API_KEY: 'sk-openai',
  ANTHROPIC_API_KEY: 'sk-anthropic',
  GROQ_API_KEY: 'gsk',
  LITELLM_MASTER_KEY: `sk-${'m'.repeat(40)}`,
}

describe('a public-style LiteLLM configuration', () => {
  const { config, diagnostics } = loadText(publicConfig, env)
  const model = (name: string): (typeof config.models)[number] =>
    config.models.find(({ modelName }) => modelName === name)!

  it('has no errors, and warns with lines about what it cannot use', () => {
    expect(diagnostics.map(({ severity, path, line }) => [severity, path, line])).toEqual([
      ['warning', 'model_list[8].litellm_params.api_key', 34],
      ['warning', 'router_settings.some_future_key', 65],
      ['warning', 'litellm_settings.success_callback', 53],
      ['warning', 'general_settings.alerting', 69],
      ['warning', 'model_list[1].litellm_params.model', 11],
    ])
  })

  it('splits provider and model', () => {
    const targets = config.models.map(({ modelName, provider, upstreamModel }) => [
      modelName,
      provider,
      upstreamModel,
    ])
    expect(targets).toEqual([
      ['gpt-4o', 'openai', 'gpt-4o'],
      ['gpt-4o-mini', 'openai', 'gpt-4o-mini'],
      ['claude-sonnet', 'anthropic', 'claude-sonnet-4-5'],
      ['claude-thinking', 'anthropic', 'claude-opus-4-1'],
      ['llama', 'groq', 'llama-3.3-70b'],
      ['local', 'openai', 'qwen/qwen3'],
      ['openai/*', 'openai', '*'],
      ['team-*-chat', 'mistral', '*-latest'],
      ['embeddings', 'openai', 'text-embedding-3-small'],
      ['multi-org', 'openai', 'gpt-4.1'],
      ['multi-org', 'openai', 'gpt-4.1'],
      ['multi-org', 'openai', 'gpt-4.1'],
      ['fake', 'openai', 'fake'],
    ])
  })

  it('reads the deployments', () => {
    expect(model('gpt-4o')).toMatchObject({ apiKey: 'sk-openai', requestsPerMinute: 480 })
    expect(model('gpt-4o').info.baseModel).toBe('gpt-4o-2024-08-06')
    expect(model('gpt-4o-mini')).toMatchObject({ order: 1, weight: 3, defaultParams: {} })
    expect(model('claude-sonnet')).toMatchObject({
      defaultParams: { max_tokens: 8192 },
      cacheControlInjectionPoints: [{ location: 'message', role: 'system', index: null }],
    })
    expect(model('claude-thinking')).toMatchObject({
      apiKey: 'sk-anthropic',
      extraHeaders: { 'anthropic-beta': 'output-128k', 'x-number': '7' },
      defaultParams: { thinking: { type: 'enabled', budget_tokens: 2048 } },
    })
    expect(model('llama').numRetries).toBe(0)
    expect(model('openai/*')).toMatchObject({ apiKey: 'sk-openai', apiBase: 'https://proxy.example.org/v1' })
    expect(model('team-*-chat').apiKey).toBeNull()
    expect(model('embeddings')).toMatchObject({ tags: ['free', 'eu'], tokensPerMinute: 1_000_000 })
    expect(model('embeddings').info).toMatchObject({
      mode: 'embedding',
      accessGroups: ['beta'],
      raw: { my_own_note: 'kept' },
    })
    expect(model('fake')).toMatchObject({ mockResponse: 'hello', prices: { input_cost_per_token: 0.000001 } })
  })

  it('makes one deployment per organisation, each with its own id', () => {
    const deployments = config.models.filter(({ modelName }) => modelName === 'multi-org')
    expect(deployments.map(({ organization }) => organization)).toEqual(['org-1', 'org-2', 'org-3'])
    expect(new Set(config.models.map(({ info }) => info.id)).size).toBe(config.models.length)
  })

  it('reads routing', () => {
    expect(config.routing).toMatchObject({
      strategy: 'usage-based-routing-v2',
      strategyArgs: { ttl: 60 },
      numRetries: 3,
      timeoutMs: 120_000,
      streamTimeoutMs: 120_000,
      allowedFails: 2,
      cooldownMs: 30_000,
      enablePreCallChecks: true,
      retryPolicy: { TimeoutErrorRetries: 1, RateLimitErrorRetries: 4 },
      defaultFallbacks: ['llama'],
    })
    expect([...config.routing.fallbacks]).toEqual([
      ['gpt-4o', ['claude-sonnet', 'llama']],
      ['openai/gpt-5', ['gpt-4o']],
    ])
    expect([...config.routing.contextWindowFallbacks]).toEqual([['gpt-4o-mini', ['gpt-4o']]])
    expect([...config.aliases]).toEqual([
      ['gpt-4', { model: 'gpt-4o', hidden: false }],
      ['secret', { model: 'claude-sonnet', hidden: true }],
    ])
  })

  it('reads the rest', () => {
    expect(config.identity.masterKey).toBe(env.LITELLM_MASTER_KEY)
    expect(config.requests.dropParams).toBe(true)
    expect(config.telemetry.jsonLogs).toBe(true)
    expect(config.storage.databasePoolLimit).toBe(100)
  })
})
