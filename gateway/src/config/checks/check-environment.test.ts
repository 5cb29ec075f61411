import { describe, expect, it } from 'vitest'
import { loadFiles, loadText } from '../load-for-test.ts'

describe('features of later releases', () => {
  it.each([
    ['ROUTEIQ_OIDC_ENABLED', 'on'],
    ['ROUTEIQ_PROMPT_MANAGEMENT', 'true'],
    ['ROUTEIQ_PROMPT_MANAGEMENT__ENABLED', 'true'],
    ['ROUTEIQ_ADMIN_UI_ENABLED', 'true'],
  ])('%s=%s stops the start and is named', (name, value) => {
    const { config, diagnostics } = loadFiles({ env: { [name]: value } })
    expect(config).toBeNull()
    expect(diagnostics).toMatchObject([{ severity: 'error', path: name }])
    expect(diagnostics[0]?.message).toContain('not available yet')
  })

  it('a strategy that is not available stops the start', () => {
    const env = { LLMROUTER_ACTIVE_ROUTING_STRATEGY: 'llmrouter-causallm' }
    const { config, diagnostics } = loadFiles({ env })
    expect(config).toBeNull()
    expect(diagnostics[0]?.message).toContain('not available')
  })

  it.each([
    ['MCP_GATEWAY_ENABLED', 'false'],
    ['MCP_SYNC_INTERVAL', '9'],
    ['MCP_HA_SYNC_ENABLED', 'true'],
    ['LLMROUTER_PLUGINS', ''],
    [
      'LLMROUTER_PLUGINS',
      'skills-discovery,litellm_llmrouter.gateway.plugins.skills_discovery.SkillsDiscoveryPlugin',
    ],
    ['ROUTEIQ_SKILLS_DIR', './elsewhere'],
    ['LLMROUTER_PLUGINS_ALLOWLIST', ''],
    ['ROUTEIQ_CONTEXT_OPTIMIZE', 'OFF'],
    ['AUDIT_LOG_ENABLED', 'true'],
    ['LITELLM_SALT_KEY', 'salt'],
    ['ROUTEIQ_PLUGIN_MY_KEY', 'x'],
    ['ROUTEIQ_CB_OPENAI_TIMEOUT_SECONDS', '3'],
    ['ROUTEIQ_MLOPS__ANYTHING', 'x'],
    ['ROUTEIQ_ROUTER_R1__ENABLED', 'true'],
    ['ROUTEIQ_SECRETS_VAULT_ENABLED', 'true'],
    ['ROUTEIQ_LOG_ARCHIVAL__ENABLED', 'true'],
    ['ROUTEIQ_ROUTER_R1_MAX_TOTAL_TOKENS', '9'],
    ['ROUTEIQ_OWN_APP', 'false'],
  ])('%s=%s is silent', (name, value) => {
    const { config, diagnostics } = loadFiles({ env: { [name]: value } })
    expect(config).not.toBeNull()
    expect(diagnostics).toEqual([])
  })

  it.each([
    'my.own.Plugin',
    'plugin.js',
    './plugin.js#sha256=short',
    'litellm_llmrouter.gateway.plugins.unheard_of.Plugin',
    'litellm_llmrouter.gateway.plugins.agentic_pipeline.AgenticPipelinePlugin',
    'litellm_llmrouter.gateway.plugins.bedrock_agentcore_mcp.Anything',
  ])('the plugin %s is left out with a warning', (name) => {
    const { config, diagnostics } = loadFiles({ env: { LLMROUTER_PLUGINS: `${name},skills-discovery` } })
    expect(config?.skills.wellKnown.isEnabled).toBe(true)
    expect(diagnostics).toMatchObject([{ severity: 'warning', message: expect.stringContaining(name) }])
  })

  it('OTEL_EXPORTER_OTLP_ENDPOINT, common in shared environments, warns', () => {
    const { diagnostics } = loadText('', { OTEL_EXPORTER_OTLP_ENDPOINT: 'true' })
    expect(diagnostics).toMatchObject([{ severity: 'warning', path: 'OTEL_EXPORTER_OTLP_ENDPOINT' }])
  })
})

describe('unknown variables', () => {
  it.each([
    ['ROUTEIQ_PROT', 'ROUTEIQ_PORT'],
    ['ROUTEIQ_RESILIENCE__MAX_CONCURENT_REQUESTS', 'ROUTEIQ_RESILIENCE__MAX_CONCURRENT_REQUESTS'],
  ])('%s is warned about with the nearest name', (name, nearest) => {
    const { diagnostics } = loadText('', { [name]: '1' })
    expect(diagnostics).toMatchObject([{ severity: 'warning', path: name, hint: `did you mean ${nearest}?` }])
  })

  it('has no hint when nothing is near', () => {
    const { diagnostics } = loadText('', { ROUTEIQ_QQQQQQQQQQQQQ: '1' })
    expect(diagnostics[0]).not.toHaveProperty('hint')
  })

  it('is silenced by ROUTEIQ_SKIP_ENV_VALIDATION', () => {
    const env = { ROUTEIQ_PROT: '1', ROUTEIQ_ENV_X: 'true', ROUTEIQ_SKIP_ENV_VALIDATION: 'true' }
    expect(loadText('', env).diagnostics).toEqual([])
    expect(loadFiles({ env: { ...env, ROUTEIQ_PROMPT_MANAGEMENT: 'true' } }).config).toBeNull()
  })

  it('leaves variables of other programs alone', () => {
    expect(loadText('', { PATH: '/bin', LITELLM_ANYTHING: '1' }).diagnostics).toEqual([])
  })
})
