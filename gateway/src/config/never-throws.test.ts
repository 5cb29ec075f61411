import { describe, expect, it } from 'vitest'
import { loadFiles } from './load-for-test.ts'

/** A small deterministic generator (mulberry32), so that a failure can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const keys = [
  ...[
    'model_list',
    'litellm_params',
    'model_info',
    'model_name',
    'model',
    'router_settings',
    'litellm_settings',
  ],
  ...[
    'general_settings',
    'routeiq',
    'include',
    'environment_variables',
    'credential_list',
    'fallbacks',
    'rpm',
    'id',
  ],
  ...[
    'model_group_alias',
    'routing_strategy',
    'retry_policy',
    'model_group_retry_policy',
    'port',
    'redis_port',
  ],
  ...[
    'organization',
    'tags',
    'timeout',
    'master_key',
    'callbacks',
    'mcp_servers',
    '__proto__',
    'constructor',
    '<<',
  ],
  ...[
    'cache_control_injection_points',
    'configurable_clientside_auth_params',
    'default_fallbacks',
    'resilience',
  ],
]
const scalars = [
  ...[
    '1',
    '-1',
    '1e999',
    '.nan',
    'true',
    'null',
    '~',
    'None',
    '"*"',
    '"os.environ/"',
    '"os.environ/A"',
    '"$\\u007bA:-}"',
  ],
  ...[
    'openai/x',
    '/',
    '//',
    '"a/"',
    '"\\u0000"',
    '2024-01-01',
    '!!binary aGk=',
    '!!python/name:x',
    '&a b',
    '*a',
    '[]',
    '{}',
  ],
]
const noise = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '\n',
  '\t',
  '"',
  '#',
  '&',
  '*',
  '|',
  '>',
  '%',
  '@',
  '\u0000',
  '\ud800',
  '?',
]

function randomTree(random: () => number, depth: number): string {
  const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)]!
  const roll = random()
  if (depth === 0 || roll < 0.35) return pick(scalars)
  const size = Math.floor(random() * 4)
  const children = Array.from({ length: size }, () => randomTree(random, depth - 1))
  if (roll < 0.55) return `[${children.join(', ')}]`
  return `{${children.map((child) => `${pick(keys)}: ${child}`).join(', ')}}`
}

function randomDocument(random: () => number): string {
  const top = keys.map((key) => (random() < 0.5 ? `${key}: ${randomTree(random, 4)}\n` : '')).join('')
  if (random() < 0.6) return top
  const at = Math.floor(random() * top.length)
  return top.slice(0, at) + noise[Math.floor(random() * noise.length)] + top.slice(at)
}

describe('loadConfig', () => {
  it('never throws, and says why when it gives no configuration', () => {
    for (let seed = 1; seed <= 600; seed += 1) {
      const text = randomDocument(createRandom(seed))
      const { config, diagnostics } = loadFiles({ files: { 'config.yaml': text }, env: { A: 'x' } })
      const hasError = diagnostics.some(({ severity }) => severity === 'error')
      expect(config !== null || hasError, `seed ${seed}\n${text}`).toBe(true)
    }
  })

  it('loads some of the random documents', () => {
    const loaded = Array.from(
      { length: 60 },
      (_unused, seed) => `router_settings: ${randomTree(createRandom(seed), 3)}`,
    ).map((text) => loadFiles({ files: { 'config.yaml': text } }).config)
    expect(loaded.filter((config) => config !== null).length).toBeGreaterThan(20)
  })

  it.each(['[', '{a: ', '- '])('survives %s ten thousand times', (piece) => {
    expect(() => loadFiles({ files: { 'config.yaml': piece.repeat(10_000) } })).not.toThrow()
  })
})
