import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from './config.ts'
import type { ConfigFlags } from './config-flags.ts'
import { loadFiles, loadText } from './load-for-test.ts'

/** Adds the sources of one setting one by one, weakest first; each must take over from those before. */
interface Ladder {
  readonly name: string
  readonly read: (config: GatewayConfig) => unknown
  readonly steps: readonly (readonly [source: Source, value: unknown])[]
  readonly standard: unknown
}
type Source = { readonly file: string } | { readonly variable: string } | { readonly flags: ConfigFlags }

const ladders: readonly Ladder[] = [
  {
    name: 'a RouteIQ setting: block, flat name, group name',
    read: ({ server }) => server.maxConcurrentRequests,
    standard: 0,
    steps: [
      [{ file: 'general_settings: {global_max_parallel_requests: 1}' }, 1],
      [{ file: 'routeiq: {resilience: {max_concurrent_requests: 2}}' }, 2],
      [{ variable: 'ROUTEIQ_MAX_CONCURRENT_REQUESTS=3' }, 3],
      [{ variable: 'ROUTEIQ_RESILIENCE__MAX_CONCURRENT_REQUESTS=4' }, 4],
    ],
  },
  {
    name: 'modules of function skills in one listing',
    read: ({ functionSkills }) => functionSkills.cacheSize,
    standard: 100,
    steps: [
      [{ variable: 'DATABASE_URL=postgres://routeiq@db.test/routeiq' }, 20],
      [{ variable: 'ROUTEIQ_SKILL_MODULE_CACHE=7' }, 7],
      [{ file: 'skills: {modules: {cache_size: 8}}' }, 8],
    ],
  },
  {
    name: 'port',
    read: ({ server }) => server.port,
    standard: 4000,
    steps: [
      [{ file: 'routeiq: {port: 1}' }, 1],
      [{ variable: 'ROUTEIQ_PORT=2' }, 2],
      [{ variable: 'LITELLM_PORT=3' }, 3],
      [{ variable: 'PORT=4' }, 4],
      [{ flags: { port: 5 } }, 5],
    ],
  },
  {
    name: 'host',
    read: ({ server }) => server.host,
    standard: '0.0.0.0',
    steps: [
      [{ file: 'routeiq: {host: a}' }, 'a'],
      [{ variable: 'ROUTEIQ_HOST=b' }, 'b'],
      [{ variable: 'LITELLM_HOST=c' }, 'c'],
      [{ variable: 'HOST=d' }, 'd'],
      [{ flags: { host: 'e' } }, 'e'],
    ],
  },
  {
    name: 'workers',
    read: ({ server }) => server.workers,
    standard: 1,
    steps: [
      [{ variable: 'ROUTEIQ_WORKERS=2' }, 2],
      [{ variable: 'NUM_WORKERS=3' }, 3],
      [{ flags: { workers: 4 } }, 4],
    ],
  },
  {
    name: 'a LiteLLM setting: environment, then file',
    read: ({ identity }) => identity.masterKey,
    standard: null,
    steps: [
      [{ variable: 'LITELLM_MASTER_KEY=sk-from-environment' }, 'sk-from-environment'],
      [{ file: 'litellm_settings: {master_key: sk-misplaced}' }, 'sk-misplaced'],
      [{ file: 'general_settings: {master_key: sk-from-file}' }, 'sk-from-file'],
    ],
  },
  {
    name: 'database',
    read: ({ storage }) => storage.databaseUrl,
    standard: null,
    steps: [
      [{ file: 'routeiq: {postgres: {url: postgres://block}}' }, 'postgres://block'],
      [{ variable: 'DATABASE_URL=postgres://flat' }, 'postgres://flat'],
      [{ variable: 'ROUTEIQ_POSTGRES__URL=postgres://group' }, 'postgres://group'],
      [{ file: 'general_settings: {database_url: postgres://file}' }, 'postgres://file'],
    ],
  },
  {
    name: 'Redis',
    read: ({ storage }) => storage.redisUrl,
    standard: null,
    steps: [
      [{ variable: 'REDIS_HOST=flat' }, 'redis://flat:6379/0'],
      [{ variable: 'REDIS_PASSWORD=p@ss' }, 'redis://:p%40ss@flat:6379/0'],
      [{ variable: 'REDIS_SSL=yes' }, 'rediss://:p%40ss@flat:6379/0'],
      [{ variable: 'REDIS_URL=redis://url' }, 'redis://url'],
      [{ file: 'router_settings: {redis_host: file}' }, 'rediss://:p%40ss@file:6379/0'],
    ],
  },
  {
    name: 'max_fallbacks',
    read: ({ routing }) => routing.maxFallbacks,
    standard: 5,
    steps: [
      [{ variable: 'ROUTER_MAX_FALLBACKS=2' }, 2],
      [{ file: 'router_settings: {max_fallbacks: "3"}' }, 3],
    ],
  },
  {
    name: 'strategy',
    read: ({ routing }) => routing.strategy,
    standard: 'simple-shuffle',
    steps: [
      [{ file: 'router_settings: {routing_strategy: least-busy}' }, 'least-busy'],
      [{ variable: 'ROUTEIQ_ROUTING_STRATEGY=cost-based-routing' }, 'cost-based-routing'],
      [{ variable: 'LLMROUTER_ACTIVE_ROUTING_STRATEGY=usage-based-routing' }, 'usage-based-routing'],
    ],
  },
  {
    name: 'timeout',
    read: ({ routing }) => routing.timeoutMs,
    standard: 600_000,
    steps: [
      [{ file: 'litellm_settings: {request_timeout: 10}' }, 10_000],
      [{ file: 'router_settings: {timeout: 20}' }, 20_000],
      [{ flags: { requestTimeoutSeconds: 30 } }, 30_000],
    ],
  },
  {
    name: 'router settings before litellm settings',
    read: ({ routing }) => routing.numRetries,
    standard: 2,
    steps: [
      [{ file: 'general_settings: {num_retries: 3}' }, 3],
      [{ file: 'litellm_settings: {num_retries: 4}' }, 4],
      [{ file: 'router_settings: {num_retries: 0}' }, 0],
    ],
  },
  {
    name: 'drop_params',
    read: ({ requests }) => requests.dropParams,
    standard: false,
    steps: [
      [{ file: 'litellm_settings: {drop_params: false}' }, false],
      [{ flags: { dropParams: true } }, true],
    ],
  },
]

function loadWith(sources: readonly Source[]): GatewayConfig {
  const files: Record<string, string> = { 'config.yaml': 'model_list: []\n' }
  const names: string[] = []
  const env: Record<string, string> = {}
  let flags: ConfigFlags = {}
  for (const source of sources) {
    if ('variable' in source) {
      const [name = '', ...value] = source.variable.split('=')
      env[name] = value.join('=')
    } else if ('flags' in source) flags = { ...flags, ...source.flags }
    else {
      const name = `part-${names.length}.yaml`
      names.push(name)
      files[name] = source.file
    }
  }
  // The including file wins, so parts written later come first.
  files['config.yaml'] += `include: [${names.reverse().join(', ')}]\n`
  const { config, diagnostics } = loadFiles({ files, env, flags })
  if (config === null) throw new Error(JSON.stringify(diagnostics))
  return config
}

describe('precedence', () => {
  it.each(ladders)('$name', ({ read, steps, standard }) => {
    expect(read(loadWith([]))).toEqual(standard)
    for (const [index, [, value]] of steps.entries()) {
      const sources = steps.slice(0, index + 1).map(([source]) => source)
      expect(read(loadWith(sources)), `step ${index + 1}`).toEqual(value)
    }
  })

  it('warns when both forms of a name differ', () => {
    const env = { REDIS_PORT: '1', ROUTEIQ_REDIS__PORT: '2', REDIS_HOST: 'h', ROUTEIQ_REDIS__HOST: 'h' }
    const { config, diagnostics } = loadText('', env)
    expect(config.storage.redisUrl).toBe('redis://h:2/0')
    expect(diagnostics.map(({ path }) => path)).toEqual(['REDIS_PORT'])
  })

  it('treats an empty variable as unset', () => {
    const { config } = loadText('', {
      PORT: '',
      LITELLM_PORT: '8080',
      DATABASE_URL: '',
      LITELLM_MASTER_KEY: '',
    })
    expect(config.server.port).toBe(8080)
    expect(config.storage.databaseUrl).toBeNull()
    expect(config.identity.masterKey).toBeNull()
  })

  it.each([
    ...'true 1 yes on TRUE Yes'.split(' ').map((word) => [word, true] as const),
    ...'false 0 no off OFF'.split(' ').map((word) => [word, false] as const),
  ])('reads the boolean %s', (word, expected) => {
    expect(loadText('', { CONFIG_HOT_RELOAD: word }).config.server.watchFiles).toBe(expected)
  })

  it.each([
    ['PORT', 'high'],
    ['PORT', '-1'],
    ['PORT', '70000'],
    ['NUM_WORKERS', '1.5'],
    ['CONFIG_HOT_RELOAD', 'maybe'],
    ['LITELLM_LOG', 'loud'],
    ['ROUTEIQ_KEY_PREFIX', 'pk-'],
    ['ROUTEIQ_QUOTA_LIMITS_JSON', '[{'],
    ['LLMROUTER_STRATEGY_WEIGHTS', 'a=1'],
    ['ROUTEIQ_OIDC_ROLE_MAPPING', 'not json'],
  ])('refuses %s=%s', (name, value) => {
    const { config, diagnostics } = loadFiles({ env: { [name]: value } })
    expect(config).toBeNull()
    expect(
      diagnostics.some(
        ({ path, message }) => `${path} ${message}`.includes(name.replace('PORT', 'port')) || path === name,
      ),
    ).toBe(true)
  })
})
