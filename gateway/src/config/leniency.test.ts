import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from './config.ts'
import { loadFiles, loadText } from './load-for-test.ts'

type Loaded = ReturnType<typeof loadText>
const paths = (loaded: Pick<Loaded, 'diagnostics'>, severity: 'error' | 'warning'): readonly string[] =>
  loaded.diagnostics.filter((diagnostic) => diagnostic.severity === severity).map(({ path }) => path)
const entry = (params: string, rest = ''): string =>
  `model_list:\n  - model_name: m\n    litellm_params: {model: openai/m${params}}\n${rest}`
const only = (config: GatewayConfig): GatewayConfig['models'][number] => config.models[0]!

describe('leniency', () => {
  it('keeps unknown keys and warns once each', () => {
    const text = `nonsense: 1\nrouter_settings: {rooting_strategy: x}\ngeneral_settings: {unheard_of_key: 1}\nmodel_list:\n  - {model_name: a, extra: 1, litellm_params: {model: openai/a}}\n  - {model_name: b, extra: 2, litellm_params: {model: openai/b}}\n`
    const loaded = loadText(text)
    expect(paths(loaded, 'warning')).toEqual([
      'nonsense',
      'router_settings.rooting_strategy',
      'general_settings.unheard_of_key',
      'model_list[0].extra',
    ])
    expect(loaded.config.sections['nonsense']).toBe(1)
    expect(loaded.diagnostics[1]?.hint).toBe('did you mean routing_strategy?')
  })

  it.each([
    ['no map', '- just text'],
    ['no name', '- {litellm_params: {model: openai/x}}'],
    ['no parameters', '- {model_name: x}'],
    ['no model', '- {model_name: x, litellm_params: {rpm: 1}}'],
    ['a model that is no text', '- {model_name: x, litellm_params: {model: [1]}}'],
    ['an unknown provider', '- {model_name: x, litellm_params: {model: x, custom_llm_provider: nobody}}'],
  ])('drops only the entry with %s', (_name, broken) => {
    const loaded = loadText(
      `${entry('')}  ${broken}\n  - {model_name: z, litellm_params: {model: openai/z}}\n`,
    )
    expect(loaded.config.models.map(({ modelName }) => modelName)).toEqual(['m', 'z'])
    expect(paths(loaded, 'error')).toHaveLength(1)
    expect(paths(loaded, 'error')[0]).toMatch(/^model_list\[1\]/)
    expect(loaded.diagnostics[0]?.line).toBe(4)
  })

  it('leaves out a provider of a later release with a warning', () => {
    const loaded = loadText(`${entry('')}  - {model_name: a, litellm_params: {model: azure/x}}\n`)
    expect(loaded.config.models).toHaveLength(1)
    expect(paths(loaded, 'warning')).toEqual(['model_list[1].litellm_params.model'])
  })

  it('keeps the other models when one has a bad value', () => {
    const loaded = loadText(entry(', rpm: many', '    model_info: {tier: [bad], max_tokens: lots}\n'))
    expect(only(loaded.config).requestsPerMinute).toBeNull()
    expect(paths(loaded, 'warning')).toEqual([
      'model_list[0].litellm_params.rpm',
      'model_list[0].model_info.max_tokens',
      'model_list[0].model_info.tier',
    ])
  })

  it('honours master_key under litellm_settings with a warning', () => {
    const key = 'sk-0123456789012345678901234567890123'
    const loaded = loadText(`litellm_settings: {master_key: ${key}}`)
    expect(loaded.config.identity.masterKey).toBe(key)
    expect(paths(loaded, 'warning')).toEqual(['litellm_settings.master_key'])
  })

  it.each([
    ['general_settings', 'routing_strategy', 'least-busy', 'strategy', 'least-busy', 1],
    ['litellm_settings', 'routing_strategy', 'least-busy', 'strategy', 'least-busy', 1],
    ['general_settings', 'num_retries', '5', 'numRetries', 5, 1],
    ['litellm_settings', 'num_retries', '5', 'numRetries', 5, 0],
    ['general_settings', 'fallbacks', '[{m: [m]}]', 'fallbacks', new Map([['m', ['m']]]), 1],
    ['litellm_settings', 'fallbacks', '[{m: [m]}]', 'fallbacks', new Map([['m', ['m']]]), 0],
  ])('honours %s.%s', (section, key, written, field, expected, warnings) => {
    const loaded = loadText(`${entry('')}${section}: {${key}: ${written}}`)
    expect(loaded.config.routing[field as 'strategy']).toEqual(expected)
    expect(paths(loaded, 'warning')).toHaveLength(warnings)
  })

  it.each([
    ['a list of maps', '[{m: [a, b]}, {a: [b]}]'],
    ['one map', '{m: [a, b], a: [b]}'],
    ['texts instead of lists', '[{m: a}, {m: b}, {a: b}]'],
  ])('normalises fallbacks written as %s', (_name, written) => {
    const models = ['m', 'a', 'b'].map(
      (name) => `  - {model_name: ${name}, litellm_params: {model: openai/x}}\n`,
    )
    const loaded = loadText(`model_list:\n${models.join('')}router_settings: {fallbacks: ${written}}`)
    const expected = [
      ['m', ['a', 'b']],
      ['a', ['b']],
    ]
    expect([...loaded.config.routing.fallbacks]).toEqual(expected)
    expect(loaded.diagnostics).toEqual([])
  })

  it('keeps fallback targets that override parameters and drops broken ones', () => {
    const loaded = loadText(
      `${entry('')}router_settings: {fallbacks: [{m: [{model: m, temperature: 0}, {rpm: 1}, null, []]}]}`,
    )
    expect(loaded.config.routing.fallbacks.get('m')).toEqual([{ model: 'm', temperature: 0 }])
    expect(paths(loaded, 'warning')).toHaveLength(3)
  })

  it.each([
    ['rpm: "100"', 'requestsPerMinute', 100],
    ['rpm: 1_000', 'requestsPerMinute', 1000],
    ['rpm: "None"', 'requestsPerMinute', null],
    ['rpm: null', 'requestsPerMinute', null],
    ['timeout: "2.5"', 'timeoutMs', 2500],
    ['drop_params: "True"', 'dropParams', true],
    ['drop_params: off', 'dropParams', false],
    ['tags: one', 'tags', ['one']],
    ['max_retries: 4', 'numRetries', 4],
    ['order: -1', 'order', -1],
  ])('coerces %s', (written, field, expected) => {
    const loaded = loadText(entry(`, ${written}`))
    expect(only(loaded.config)[field as 'tags']).toEqual(expected)
    expect(loaded.diagnostics).toEqual([])
  })

  it.each([['x'], ['[x]'], ['[{websearch_interception: {a: 1}}]']])(
    'accepts callbacks written as %s',
    (written) => {
      const loaded = loadText(`litellm_settings: {callbacks: ${written}}`)
      expect(paths(loaded, 'warning')).toEqual(['litellm_settings.callbacks'])
    },
  )

  it.each(['prometheus', '[prometheus]'])('takes the metrics callback written as %s', (written) => {
    const loaded = loadText(`litellm_settings: {success_callback: ${written}}`)
    expect(loaded.config.telemetry.litellmMetrics).toBe(true)
    expect(loaded.diagnostics).toEqual([])
  })

  it('names Python callbacks it cannot load', () => {
    const loaded = loadText(
      'litellm_settings: {callbacks: [my_module.handler]}\ngeneral_settings: {custom_auth: a.b}',
    )
    expect(loaded.diagnostics.map(({ message }) => message).join()).toMatch(/my_module\.handler.*a\.b/)
  })

  it('makes integer ids texts', () => {
    expect(only(loadText(entry('', '    model_info: {id: 7}\n')).config).info.id).toBe('7')
  })

  it.each(['http://h', 'http://h/', 'http://h/v1', 'http://h/v1/'])(
    'keeps api_base %s as written',
    (base) => {
      expect(only(loadText(entry(`, api_base: "${base}"`)).config).apiBase).toBe(base)
    },
  )

  it.each([
    ['search_tools: [{search_tool_name: a}]', 'search_tools'],
    ['guardrails: [{guardrail_name: g}]', 'guardrails'],
    ['router_settings: {routing_strategy: llmrouter-causallm}', 'router_settings.routing_strategy'],
    ['routeiq: {prompt_management: {enabled: true}}', 'routeiq.prompt_management.enabled'],
  ])('warns once that %s comes later', (text, path) => {
    expect(paths(loadText(text), 'warning')).toEqual([path])
  })

  it.each([
    'mcp_servers: {}',
    'guardrails: []',
    'litellm_settings: {network_mock: false, callbacks: []}',
    'routeiq: {mcp: {enabled: "no", sync_interval: 9}, mlops: {anything: 1}}',
    'routeiq: {context_optimizer: {mode: off}}',
    'routeiq: {skills: {router: {hint_k: 2}}}',
  ])('says nothing about %s', (text) => {
    expect(loadText(text).diagnostics).toEqual([])
  })

  it('warns about a misspelt setting at any depth', () => {
    const loaded = loadText('routeiq: {skills: {router: {hint_kk: 2}}}')
    expect(paths(loaded, 'warning')).toEqual(['routeiq.skills.router.hint_kk'])
  })

  it('forgives a wrong type in a LiteLLM section', () => {
    const loaded = loadText(
      'general_settings: {database_connection_pool_limit: many}\nrouter_settings: {redis_port: x}',
    )
    expect(paths(loaded, 'warning')).toEqual([
      'general_settings.database_connection_pool_limit',
      'router_settings.redis_port',
    ])
    expect(loaded.config.storage.databasePoolLimit).toBe(10)
  })

  it('reads rpm and tpm beside litellm_params', () => {
    const { config } = loadText(
      'model_list: [{model_name: m, litellm_params: {model: openai/m, tpm: 5}, rpm: 3, tpm: 4}]',
    )
    expect(only(config)).toMatchObject({ requestsPerMinute: 3, tokensPerMinute: 5 })
  })

  it('passes strategy arguments on, coerced; unknown ones warn, wrong types are errors', () => {
    const read = (args: string): ReturnType<typeof loadFiles> =>
      loadFiles({ files: { 'config.yaml': `router_settings: {routing_strategy_args: ${args}}` } })
    expect(read('{ttl: "60", lowest_latency_buffer: 0.5, mine: [1]}')).toMatchObject({
      config: { routing: { strategyArgs: { ttl: 60, lowest_latency_buffer: 0.5, mine: [1] } } },
      diagnostics: [{ severity: 'warning', path: 'router_settings.routing_strategy_args.mine', line: 1 }],
    })
    expect(read('{ttl: soon}').config).toBeNull()
  })

  it('reports every problem at once', () => {
    const { diagnostics, config } = loadFiles({
      files: {
        'config.yaml':
          'model_list: [x, y]\nrouter_settings: {routing_strategy: round-robin}\nrouteiq: {port: high}\n',
      },
      env: { ROUTEIQ_PROMPT_MANAGEMENT: 'true' },
    })
    expect(config).toBeNull()
    expect(
      diagnostics.filter(({ severity }) => severity === 'error').map(({ path, line }) => [path, line]),
    ).toEqual([
      ['routeiq.port', 3],
      ['ROUTEIQ_PROMPT_MANAGEMENT', undefined],
      ['model_list[0]', 1],
      ['model_list[1]', 1],
      ['router_settings.routing_strategy', 2],
    ])
  })
})
