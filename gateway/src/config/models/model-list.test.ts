import { describe, expect, it } from 'vitest'
import { loadFiles, loadText } from '../load-for-test.ts'

const ids = (text: string, env = {}): readonly string[] =>
  loadText(text, env).config.models.map(({ info }) => info.id)
const entry = (name: string, params: string, info = '{}'): string =>
  `  - {model_name: ${name}, litellm_params: {${params}}, model_info: ${info}}\n`

describe('deployment ids', () => {
  it('do not depend on the order of keys, on the order of entries or on the value of a key', () => {
    const a = entry('a', 'model: openai/a, api_key: os.environ/KEY, rpm: 3')
    const shuffled = entry('a', 'rpm: 3, api_key: os.environ/KEY, model: openai/a')
    const b = entry('b', 'model: openai/b')
    const [id] = ids(`model_list:\n${a}${b}`, { KEY: 'sk-1' })
    expect(ids(`model_list:\n${b}${shuffled}`, { KEY: 'sk-2' })[1]).toBe(id)
  })

  it('differ with the name and with each parameter', () => {
    const entries = [
      entry('a', 'model: openai/a'),
      entry('b', 'model: openai/a'),
      entry('a', 'model: openai/a, rpm: 1'),
      entry('a', 'model: openai/a, api_key: os.environ/A'),
      entry('a', 'model: openai/a, api_key: os.environ/B'),
    ]
    expect(new Set(ids(`model_list:\n${entries.join('')}`)).size).toBe(entries.length)
  })

  it('are made unique, with a warning', () => {
    const text = `model_list:\n${entry('a', 'model: openai/a', '{id: same}')}${entry('b', 'model: openai/b', '{id: same}')}`
    expect(ids(text)).toEqual(['same', 'same-2'])
    expect(loadText(text).diagnostics).toMatchObject([{ severity: 'warning' }])
  })
})

describe('supported_environments', () => {
  const text = `model_list:\n${entry('all', 'model: openai/a')}${entry('prod', 'model: openai/b', '{supported_environments: [production, staging]}')}${entry('dev', 'model: openai/c', '{supported_environments: [development]}')}`

  it.each([
    ['production', ['all', 'prod']],
    ['development', ['all', 'dev']],
    ['', ['all', 'prod', 'dev']],
  ])('with LITELLM_ENVIRONMENT=%s', (environment, names) => {
    const { config } = loadText(text, { LITELLM_ENVIRONMENT: environment })
    expect(config.models.map(({ modelName }) => modelName)).toEqual(names)
  })
})

describe('the entry for everything', () => {
  it('becomes the providers of the environment and itself', () => {
    const { config } = loadText(`model_list:\n${entry('"*"', 'model: "*"')}`, { GROQ_API_KEY: 'gsk' })
    expect(config.models.map(({ modelName, provider }) => [modelName, provider])).toEqual([
      ['groq/*', 'groq'],
      ['*', 'openai'],
    ])
  })

  it('stays one deployment when it names its account', () => {
    const { config } = loadText(`model_list:\n${entry('"*"', 'model: "*", api_base: "http://h"')}`, {
      GROQ_API_KEY: 'gsk',
    })
    expect(config.models).toHaveLength(1)
  })

  it('warns without any key', () => {
    expect(loadText(`model_list:\n${entry('"*"', 'model: "*"')}`).diagnostics).toMatchObject([
      { severity: 'warning' },
    ])
  })
})

describe('accounts', () => {
  it('come from the environment unless the entry has its own', () => {
    const env = { GROQ_API_KEY: 'gsk', GROQ_API_BASE: 'http://groq.test' }
    const text = `model_list:\n${entry('a', 'model: groq/l')}${entry('b', 'model: groq/l, api_key: own, base_url: "http://own"')}`
    expect(loadText(text, env).config.models).toMatchObject([
      { apiKey: 'gsk', apiBase: 'http://groq.test' },
      { apiKey: 'own', apiBase: 'http://own' },
    ])
  })

  it('report a credential that does not exist', () => {
    const text = `model_list:\n${entry('a', 'model: groq/l, litellm_credential_name: gone')}`
    expect(loadText(text).diagnostics).toMatchObject([
      { severity: 'error', hint: 'credentials in credential_list: none' },
    ])
  })

  it('never send account settings to the provider as parameters', () => {
    const params =
      'model: groq/l, aws_secret_access_key: s, client_secret: s, max_budget: 1, top_k: "5", custom: {a: 1}'
    const { config } = loadText(`model_list:\n${entry('a', params)}`)
    expect(config.models[0]?.defaultParams).toEqual({ top_k: 5, custom: { a: 1 } })
  })
})

describe('aliases', () => {
  const load = (aliases: string): ReturnType<typeof loadFiles> =>
    loadFiles({
      files: {
        'config.yaml': `model_list:\n${entry('m', 'model: openai/m')}router_settings: {model_group_alias: ${aliases}}`,
      },
    })

  it.each(['{a: b, b: a}', '{a: a}', '{a: b, b: c, c: b}'])('refuses the circle %s', (aliases) => {
    expect(load(aliases).config).toBeNull()
  })

  it('accepts an alias that a model of the same name hides', () => {
    expect(load('{m: m}').diagnostics).toEqual([])
  })

  it.each([
    ['{a: gone}', 'there is no model gone'],
    ['{a: b, b: m}', 'b is itself an alias; aliases are followed once'],
    ['{a: {hidden: true}}', 'an alias should name a model; it is ignored'],
  ])('warns about %s', (aliases, message) => {
    expect(load(aliases).diagnostics).toMatchObject([{ severity: 'warning', message }])
  })
})

describe('references', () => {
  it('warns about fallbacks to nothing, and knows wildcards', () => {
    const list = `model_list:\n${entry('m', 'model: openai/m')}${entry('"team-*-x-*"', 'model: openai/*')}`
    const loaded = loadText(
      `${list}router_settings: {fallbacks: [{m: [gone, team-a-x-b]}, {team-x-: [m]}, {"*": [m]}]}`,
    )
    expect(loaded.diagnostics.every(({ line }) => line === 4)).toBe(true)
    expect(loaded.diagnostics.map(({ message }) => message)).toEqual([
      'the fallback gone is no model of this configuration',
      'there is no model team-x-',
    ])
  })
})
