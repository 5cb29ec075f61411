import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from './config.ts'
import { loadFiles, loadText } from './load-for-test.ts'

const model = (name: string, rest = ''): string =>
  `  - model_name: ${name}\n    litellm_params: {model: openai/${name}, api_key: sk-upstream${rest}}\n`
const list = (...names: string[]): string => `model_list:\n${names.map((name) => model(name)).join('')}`
const first = (config: GatewayConfig): GatewayConfig['models'][number] => config.models[0]!

describe('finding the file', () => {
  const files = {
    'flag.yaml': list('flag'),
    'a.yaml': list('a'),
    'b.yaml': list('b'),
    'c.yaml': list('c'),
    'config/config.yaml': list('folder'),
    'config.yaml': list('root'),
  }
  const variables = {
    CONFIG_FILE_PATH: 'a.yaml',
    LITELLM_CONFIG_PATH: 'b.yaml',
    ROUTEIQ_CONFIG_PATH: 'c.yaml',
  }

  it.each([
    ['flag', { config: 'flag.yaml' }, variables, files],
    ['a', {}, variables, files],
    ['b', {}, { ...variables, CONFIG_FILE_PATH: '' }, files],
    ['c', {}, { ROUTEIQ_CONFIG_PATH: 'c.yaml' }, files],
    ['folder', {}, {}, files],
    ['root', {}, {}, { 'config.yaml': files['config.yaml'] }],
  ])('serves %s', (expected, flags, env, present) => {
    const { config } = loadFiles({ files: present, env, flags })
    expect(config?.models.map(({ modelName }) => modelName)).toEqual([expected])
  })

  it('refuses a named file that is missing, and says which', () => {
    const { config, diagnostics, files: asked } = loadFiles({ flags: { config: 'gone.yaml' } })
    expect(config).toBeNull()
    expect(diagnostics).toMatchObject([{ severity: 'error', path: '--config' }])
    expect(asked).toEqual(['gone.yaml'])
  })

  it('reads JSON', () => {
    const text = JSON.stringify(
      { model_list: [{ model_name: 'j', litellm_params: { model: 'groq/l' } }] },
      null,
      '\t',
    )
    expect(first(loadText(text).config)).toMatchObject({
      modelName: 'j',
      provider: 'groq',
      upstreamModel: 'l',
    })
  })

  it('accepts an empty file', () => {
    expect(loadText('').config.models).toEqual([])
  })
})

describe('without a file', () => {
  it('serves the demo model', () => {
    const { config } = loadFiles({})
    expect(config?.source).toEqual({ kind: 'demo', files: [], checksum: null })
    expect(config?.models).toMatchObject([{ modelName: 'demo', provider: 'demo', upstreamModel: 'demo' }])
  })

  it('serves the providers that have a key', () => {
    const { config } = loadFiles({ env: { GROQ_API_KEY: 'gsk', GROQ_API_BASE: 'http://groq.test' } })
    expect(config?.source.kind).toBe('environment')
    expect(config?.models).toMatchObject([
      {
        modelName: 'groq/*',
        provider: 'groq',
        upstreamModel: '*',
        apiKey: 'gsk',
        apiBase: 'http://groq.test',
      },
    ])
  })

  it('gives well-known names without prefix', () => {
    const { config } = loadFiles({
      env: { OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: 'sk-a', GEMINI_API_KEY: 'g' },
    })
    const names = config?.models.map(({ modelName, provider }) => `${provider}:${modelName}`)
    expect(names).toContain('openai:gpt-4o-mini')
    expect(names).toContain('anthropic:claude-*')
    expect(names).toContain('gemini:gemini-*')
  })

  it('serves the one model of --model', () => {
    const { config } = loadFiles({ flags: { model: 'groq/llama' }, files: { 'config.yaml': list('root') } })
    expect(config?.models).toMatchObject([
      { modelName: 'groq/llama', provider: 'groq', upstreamModel: 'llama' },
    ])
  })
})

describe('includes', () => {
  const load = (files: Record<string, string>): ReturnType<typeof loadFiles> => loadFiles({ files })

  it('concatenates lists and merges maps, the including file wins', () => {
    const { config, diagnostics } = load({
      'config.yaml': `include: [parts/a.yaml]\n${list('main')}router_settings: {num_retries: 1}\n`,
      'parts/a.yaml': `include: [b.yaml]\n${list('a')}router_settings: {num_retries: 7, cooldown_time: 9}\n`,
      'parts/b.yaml': `${list('b')}  - nonsense\n`,
    })
    expect(config?.models.map(({ modelName }) => modelName)).toEqual(['main', 'a', 'b'])
    expect(config?.routing).toMatchObject({ numRetries: 1, cooldownMs: 9000 })
    expect(config?.source.files).toEqual(['config.yaml', 'parts/a.yaml', 'parts/b.yaml'])
    expect(diagnostics).toMatchObject([
      { severity: 'error', path: 'model_list[3]', file: 'parts/b.yaml', line: 4 },
    ])
  })

  it('refuses a circle', () => {
    const { config, diagnostics } = load({
      'config.yaml': 'include: [a.yaml]',
      'a.yaml': 'x: 1\ninclude: config.yaml',
    })
    expect(config).toBeNull()
    expect(diagnostics.find(({ severity }) => severity === 'error')).toMatchObject({
      file: 'a.yaml',
      line: 2,
    })
  })

  it('refuses a missing file and asks to watch it', () => {
    const { config, files } = load({ 'config.yaml': 'include: [later.yaml]' })
    expect(config).toBeNull()
    expect(files).toContain('later.yaml')
  })

  it('reads a file twice when two others include it', () => {
    const { config } = load({
      'config.yaml': 'include: [a.yaml, b.yaml]',
      'a.yaml': 'include: [shared.yaml]',
      'b.yaml': 'include: [shared.yaml]',
      'shared.yaml': 'router_settings: {num_retries: 4}',
    })
    expect(config?.routing.numRetries).toBe(4)
  })
})

describe('YAML', () => {
  it.each([
    ['a list', '- a\n- b', 1],
    ['a broken flow list', 'a: 1\nb: [1,\nc: 2', 3],
    ['an unknown alias', 'a: *nothing', 1],
    ['an alias inside itself', 'a: &x [*x]', 1],
    ['two documents', 'a: 1\n---\nb: 2', 2],
  ])('reports %s with its line and gives no configuration', (_name, text, line) => {
    const { config, diagnostics } = loadFiles({ files: { 'config.yaml': text } })
    expect(config).toBeNull()
    expect(diagnostics[0]).toMatchObject({ severity: 'error', file: 'config.yaml', line })
  })

  it('stops aliases that multiply', () => {
    const levels = Array.from({ length: 9 }, (_unused, level) => {
      const item = level === 0 ? 'x' : `*l${level - 1}`
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => item).join(', ')}]`
    })
    expect(loadFiles({ files: { 'config.yaml': levels.join('\n') } }).config).toBeNull()
  })

  it('merges with <<, own members first', () => {
    const text = `x: &base {model: openai/base, rpm: 5}\nmodel_list:\n  - model_name: m\n    litellm_params: {<<: *base, rpm: 7}\n`
    expect(first(loadText(text).config)).toMatchObject({ upstreamModel: 'base', requestsPerMinute: 7 })
  })

  it('takes the last of two equal keys and warns with its line', () => {
    const { config, diagnostics } = loadText('router_settings:\n  num_retries: 1\n  num_retries: 6\n')
    expect(config.routing.numRetries).toBe(6)
    expect(diagnostics).toMatchObject([{ severity: 'warning', path: 'router_settings.num_retries', line: 3 }])
  })

  it('ignores __proto__', () => {
    const { config } = loadText('general_settings: {__proto__: {master_key: sk-evil}}')
    expect(config.identity.masterKey).toBeNull()
    expect(({} as Record<string, unknown>)['master_key']).toBeUndefined()
  })

  it('keeps the digits of large integers', () => {
    const text = `model_list:\n  - model_name: m\n    litellm_params: {model: openai/m}\n    model_info: {id: 12345678901234567890}\n`
    expect(first(loadText(text).config).info.id).toBe('12345678901234567890')
  })
})

describe('variables in the file', () => {
  const keyOf = (value: string, env = {}): string | null =>
    first(
      loadText(
        `model_list:\n  - model_name: m\n    litellm_params: {model: openai/m, api_key: "${value}"}\n`,
        env,
      ).config,
    ).apiKey

  // `<NAME>` stands for a dollar sign and braces around NAME.
  it.each([
    ['os.environ/KEY', 'sk-env'],
    ['<KEY>', 'sk-env'],
    ['<KEY:-other>', 'sk-env'],
    ['<GONE:-other>', 'other'],
    ['<GONE:->', null],
    ['os.environ/GONE', null],
    ['pre-<KEY>-post', 'pre-sk-env-post'],
    ['a <GONE> b', 'a  b'],
  ])('%s', (written, expected) => {
    expect(keyOf(written.replaceAll('<', '${').replaceAll('>', '}'), { KEY: 'sk-env' })).toBe(expected)
  })

  it.each(['$KEY', '$\u007bnot-a-name}', 'os.environ', 'x os.environ/KEY'])('leaves %s alone', (written) => {
    expect(keyOf(written, { KEY: 'sk-env' })).toBe(written)
  })

  it('reaches any depth and warns once with the line', () => {
    const text = 'mcp_servers:\n  s:\n    args:\n      - a: [os.environ/GONE]\n'
    const { config, diagnostics } = loadText(text)
    expect(config.sections['mcp_servers']).toEqual({ s: { args: [{ a: [null] }] } })
    expect(diagnostics.filter(({ message }) => message.includes('GONE'))).toMatchObject([
      { severity: 'warning', path: 'mcp_servers.s.args[0].a[0]', line: 4 },
    ])
  })

  it('does not replace a missing key by another account of the environment', () => {
    expect(keyOf('os.environ/GONE', { OPENAI_API_KEY: 'sk-other' })).toBeNull()
  })

  it('exports environment_variables first; a variable of the process wins', () => {
    const text = `environment_variables: {KEY: os.environ/BASE, OTHER: from-file, REDIS_HOST: redis.test}\n${list('m')}general_settings: {litellm_key_header_name: "$\u007bKEY}-$\u007bOTHER}"}\n`
    const { config } = loadText(text, { BASE: 'base', OTHER: 'process' })
    expect(config.identity.keyHeaderName).toBe('base-process')
    expect(config.storage.redisUrl).toBe('redis://redis.test:6379/0')
  })
})

describe('version hash', () => {
  it('is stable and follows the content', () => {
    const hash = (text: string): string => loadText(text).config.versionHash
    expect(hash(list('m'))).toMatch(/^sha256:[0-9a-f]{16}$/)
    expect(hash(list('m'))).toBe(hash(`# a comment\n${list('m')}`))
    expect(hash(list('m'))).not.toBe(hash(`${list('m')}router_settings: {num_retries: 9}`))
  })
})
