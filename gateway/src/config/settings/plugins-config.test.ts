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
      guards: { pii: null, injection: null, contentFilter: null },
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
    ['cache', `${reference}cache_plugin.SemanticCachePlugin`],
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
