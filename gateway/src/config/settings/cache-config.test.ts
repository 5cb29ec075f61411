import { expect, it } from 'vitest'
import { loadText } from '../load-for-test.ts'

const read = (params: string, env: Record<string, string> = {}) =>
  loadText(`litellm_settings: {cache: true, cache_params: {${params}}}`, env)
const everybody = { threshold: 0.95, within: 'everybody' }

it('gives answers to equal questions alone unless it is told otherwise', () => {
  expect(read('').config.cache.similarity).toBeNull()
  expect(loadText('', { CACHE_SEMANTIC_ENABLED: 'true' }).config.cache.isEnabled).toBe(false)
  expect(read('', { CACHE_SEMANTIC_ENABLED: 'true' }).config.cache.similarity).toEqual(everybody)
  const { cache } = loadText('', { LLMROUTER_PLUGINS: 'semantic-cache' }).config
  expect(cache).toMatchObject({ isEnabled: true, similarity: everybody })
})

it('knows the types of LiteLLM with similar questions', () => {
  const { config, diagnostics } = read('type: redis-semantic, host: cache.test, similarity_threshold: 0.8')
  expect(diagnostics).toEqual([])
  expect(config.cache).toMatchObject({
    redisUrl: 'redis://cache.test:6379',
    similarity: { threshold: 0.8 },
  })
  const elsewhere = read('type: qdrant-semantic')
  expect(elsewhere.config.cache).toMatchObject({ redisUrl: null, similarity: everybody })
  expect(elsewhere.diagnostics).toMatchObject([
    { severity: 'warning', path: 'litellm_settings.cache_params.type' },
  ])
})

it('compares only what has something to do with one another, of whom it is told', () => {
  const env = { CACHE_SEMANTIC_ENABLED: 'true', CACHE_SIMILARITY_THRESHOLD: '0.1' }
  const { config, diagnostics } = read('semantic_cache_scope: end_user', env)
  expect(config.cache.similarity).toEqual({ threshold: 0.5, within: 'end-user' })
  expect(diagnostics).toMatchObject([{ severity: 'warning' }])
  expect(
    read('semantic_cache_scope: key', { CACHE_SEMANTIC_ENABLED: '1' }).config.cache.similarity?.within,
  ).toBe('key')
})
