import { describe, expect, it } from 'vitest'
import { loadFiles, loadText } from '../load-for-test.ts'

const digest = 'a'.repeat(64)
const reference = 'litellm_llmrouter.gateway.plugins.'
const load = (env: Record<string, string>) => loadText('', env)
const plugins = (env: Record<string, string>) => load(env).config.plugins
/** What is said of a configuration that may not be used. */
function refuse(env: Record<string, string>): string {
  const { config, diagnostics } = loadFiles({ env })
  expect(config).toBeNull()
  return diagnostics.map(({ message }) => message).join('\n')
}

describe('plugins', () => {
  it('are none unless configured', () => {
    expect(plugins({})).toEqual({
      builtIn: new Set(),
      guards: { pii: null, injection: null, contentFilter: null, llamaGuard: null, bedrockGuardrails: null },
      modules: [],
      rejected: [],
      allowedCapabilities: null,
      failureMode: 'continue',
      evaluates: false,
      startupTimeoutMs: 30_000,
      settings: {},
    })
  })

  it('are paths, packages and pinned files', () => {
    const { modules } = plugins({
      LLMROUTER_PLUGINS: `./a.js, @acme/audit,/opt/b.js#sha256=${digest},./a.js`,
    })
    expect(modules).toEqual([
      { written: './a.js', specifier: './a.js', digest: null },
      { written: '@acme/audit', specifier: '@acme/audit', digest: null },
      { written: `/opt/b.js#sha256=${digest}`, specifier: '/opt/b.js', digest },
    ])
  })

  it.each([
    ['semantic-cache', `${reference}cache_plugin.SemanticCachePlugin`],
    ['context-optimizer', `${reference}context_optimizer.ContextOptimizerPlugin`],
    ['cost-tracker', `${reference}cost_tracker.CostTrackerPlugin`],
    ['skills-discovery', `${reference}skills_discovery.SkillsDiscoveryPlugin`],
  ])('%s is built in, also by its path', (name, path) => {
    for (const written of [name, path])
      expect(plugins({ LLMROUTER_PLUGINS: written }).builtIn).toEqual(new Set([name]))
  })

  it('that guard are on by their names, paths or variables', () => {
    const listed = `pii-guard,${reference}prompt_injection_guard.PromptInjectionGuard`
    const variables = { GUARDRAIL_PII_ENABLED: 'yes', GUARDRAIL_INJECTION_ENABLED: '1' }
    for (const env of [{ LLMROUTER_PLUGINS: listed }, variables])
      expect(plugins(env)).toMatchObject({
        builtIn: new Set(),
        guards: { pii: { action: 'redact', entityTypes: [] }, injection: { action: 'block' } },
      })
    const tuned = { ...variables, GUARDRAIL_PII_ACTION: 'BLOCK', GUARDRAIL_PII_ENTITY_TYPES: 'email,ssn' }
    expect(plugins(tuned).guards.pii).toEqual({ action: 'block', entityTypes: ['EMAIL', 'SSN'] })
  })

  it.each([
    ['http://vllm:8000', 'http://vllm:8000/v1/chat/completions', 'chat'],
    ['http://vllm:8000/v1/', 'http://vllm:8000/v1/chat/completions', 'chat'],
    ['https://judge.test/api/chat/completions', 'https://judge.test/api/chat/completions', 'chat'],
    ['http://vllm:8000/v1/completions', 'http://vllm:8000/v1/completions', 'completion'],
    ['http://tgi:8080/generate?a=b', 'http://tgi:8080/generate?a=b', 'completion'],
  ])('a model that judges is asked at %s', (written, endpoint, form) => {
    const env = { LLMROUTER_PLUGINS: 'llamaguard', LLAMAGUARD_ENDPOINT: written }
    expect(plugins(env).guards.llamaGuard).toEqual({
      ...{ endpoint, form, model: 'meta-llama/LlamaGuard-7b', apiKey: null },
      ...{ timeoutMs: 10_000, failMode: 'closed' },
    })
  })

  it.each([
    ['LLAMAGUARD_ENDPOINT', {}],
    ['LLAMAGUARD_ENDPOINT', { LLAMAGUARD_ENDPOINT: 'vllm' }],
    ['LLAMAGUARD_ENDPOINT', { LLAMAGUARD_ENDPOINT: 'http://user:word@vllm:8000' }],
    ['BEDROCK_GUARDRAIL_ID', { LLMROUTER_PLUGINS: 'bedrock-guardrails' }],
    ['BEDROCK_GUARDRAIL_ID', { BEDROCK_GUARDRAIL_ENABLED: 'true', BEDROCK_GUARDRAIL_ID: '../x' }],
    [
      'BEDROCK_GUARDRAIL_VERSION',
      {
        BEDROCK_GUARDRAIL_ENABLED: 'true',
        BEDROCK_GUARDRAIL_ID: 'gr1',
        BEDROCK_GUARDRAIL_VERSION: '1/../2',
      },
    ],
    ['CONTENT_FILTER_CATEGORIES', { CONTENT_FILTER_ENABLED: 'true', CONTENT_FILTER_CATEGORIES: 'spam' }],
    ['CONTENT_FILTER_THRESHOLD', { CONTENT_FILTER_ENABLED: 'true', CONTENT_FILTER_THRESHOLD: '70' }],
  ])('a guard without a good %s ends the start', (variable, env) => {
    const { config, diagnostics } = loadFiles({ env: { LLMROUTER_PLUGINS: 'llamaguard', ...env } })
    expect(config).toBeNull()
    expect(JSON.stringify(diagnostics)).toContain(variable)
  })

  it.each([
    ['skills_discovery.SkillsDiscoveryPlugin', null],
    ['content_filter.ContentFilterPlugin', null],
    ['pii_guard.PIIGuard', null],
    ['prompt_injection_guard.PromptInjectionGuard', null],
    ['llamaguard_plugin.LlamaGuardPlugin', null],
    ['bedrock_guardrails.BedrockGuardrailsPlugin', null],
    ['cost_tracker.CostTrackerPlugin', null],
    ['cache_plugin.SemanticCachePlugin', null],
    ['agentic_pipeline.AgenticPipelinePlugin', 'agentic-pipeline is not available yet'],
    ['upskill_evaluator.UpskillEvaluatorPlugin', 'upskill-evaluator is not available yet'],
    ['bedrock_agentcore_mcp.BedrockAgentCoreMCPPlugin', 'bedrock-agentcore-mcp is not available yet'],
    ['bedrock_request_levers.BedrockRequestLeversPlugin', 'bedrock-request-levers is not available yet'],
    ['nobody.NobodysPlugin', 'NobodysPlugin is no plugin of this gateway'],
  ])('%s is one of ours, or is left out with a warning', (path, warning) => {
    const { config, diagnostics } = load({
      LLMROUTER_PLUGINS: `${reference}${path}`,
      LLAMAGUARD_ENDPOINT: 'http://vllm:8000',
      BEDROCK_GUARDRAIL_ID: 'gr1',
    })
    const { builtIn, guards, modules } = config.plugins
    const running = builtIn.size + Object.values(guards).filter((guard) => guard !== null).length
    expect([running, modules]).toEqual([warning === null ? 1 : 0, []])
    expect(diagnostics.map(({ message }) => message)).toEqual(
      warning === null ? [] : [expect.stringContaining(warning)],
    )
  })

  it('that are built in switch on what they stand for', () => {
    expect(load({ LLMROUTER_PLUGINS: 'cache' }).config.cache.isEnabled).toBe(true)
    expect(load({ LLMROUTER_PLUGINS: 'skills-discovery' }).config.skills.wellKnown.isEnabled).toBe(true)
  })

  it('off the allowlist are left out, built in or not', () => {
    const env = { LLMROUTER_PLUGINS: 'cache,./a.js,./b.js', LLMROUTER_PLUGINS_ALLOWLIST: './b.js' }
    const { config, diagnostics } = load(env)
    expect(config.plugins.modules).toMatchObject([{ specifier: './b.js' }])
    expect(config.plugins.rejected).toMatchObject([{ written: 'cache' }, { written: './a.js' }])
    expect(config.cache.isEnabled).toBe(false)
    expect(diagnostics).toHaveLength(2)
  })

  it('that guard do not go missing by the allowlist', () => {
    const guard = { LLMROUTER_PLUGINS: 'pii-guard,./a.js', LLMROUTER_PLUGINS_ALLOWLIST: './a.js' }
    expect(refuse(guard)).toContain(
      'pii-guard is not on LLMROUTER_PLUGINS_ALLOWLIST, and the gateway does not',
    )
    expect(refuse({ ...guard, LLMROUTER_PLUGINS: `${reference}pii_guard.PIIGuard` })).toContain('PIIGuard')
    expect(load({ ...guard, GUARDRAIL_PII_ENABLED: 'true' }).config.plugins.guards.pii).not.toBeNull()
    expect(load({ ...guard, GUARDRAIL_PII_ACTION: 'warn' }).config.plugins.guards.pii).toBeNull()
  })

  it('that must not be passed over do not go missing by the allowlist', () => {
    const env = { LLMROUTER_PLUGINS: './a.js', LLMROUTER_PLUGINS_ALLOWLIST: '' }
    expect(refuse({ ...env, LLMROUTER_PLUGINS_FAILURE_MODE: 'abort' })).toContain('./a.js is not on')
    expect(plugins({ ...env, LLMROUTER_PLUGINS_FAILURE_MODE: 'quarantine' }).rejected).toHaveLength(1)
  })

  it('are all refused by an empty allowlist', () => {
    const env = { LLMROUTER_PLUGINS: './a.js', LLMROUTER_PLUGINS_ALLOWLIST: '' }
    expect(plugins(env)).toMatchObject({ modules: [], rejected: [{ written: './a.js' }] })
  })

  it('are not allowed by a configuration where the environment allows none', () => {
    const text = 'environment_variables: {LLMROUTER_PLUGINS: ./a.js, LLMROUTER_PLUGINS_ALLOWLIST: ./a.js}'
    expect(loadText(text, {}).config.plugins.modules).toHaveLength(1)
    expect(loadText(text, { LLMROUTER_PLUGINS_ALLOWLIST: '' }).config.plugins.modules).toEqual([])
  })

  it('have settings of their own', () => {
    const env = {
      ROUTEIQ_PLUGIN_MY_KEY: 'x',
      ROUTEIQ_PLUGIN_STARTUP_TIMEOUT: '2',
      LLMROUTER_PLUGINS_FAILURE_MODE: 'Abort',
      LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES: 'routes, GUARDRAIL',
    }
    expect(plugins(env)).toMatchObject({
      settings: { my_key: 'x' },
      startupTimeoutMs: 2000,
      failureMode: 'abort',
      allowedCapabilities: new Set(['ROUTES', 'GUARDRAIL']),
    })
  })
})
