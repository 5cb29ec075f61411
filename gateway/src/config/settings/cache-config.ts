import type { CacheConfig, PluginsConfig, SimilarityConfig } from '../config.ts'
import type { Section } from '../values/section.ts'
import type { ConfigSections } from './config-sections.ts'

const cacheable = ['chat', 'completion', 'embedding', 'rerank'] as const
const redisTypes: readonly string[] = ['redis', 'redis-semantic', 'valkey-semantic']
/** Below it texts are compared that have little to do with one another. */
const leastThreshold = 0.5
/** LiteLLM names calls of one kind by the function that makes them. */
const operationOf: Readonly<Record<string, string>> = {
  completion: 'chat',
  acompletion: 'chat',
  anthropic_messages: 'chat',
  aanthropic_messages: 'chat',
  responses: 'chat',
  aresponses: 'chat',
  text_completion: 'completion',
  atext_completion: 'completion',
  embedding: 'embedding',
  aembedding: 'embedding',
  rerank: 'rerank',
  arerank: 'rerank',
}

/** The cache of answers: `litellm_settings.cache` with its `cache_params`, `CACHE_ENABLED`, or the built-in plugin. */
export function readCacheConfig(sections: ConfigSections, { builtIn }: PluginsConfig): CacheConfig {
  const { litellm, settings, report } = sections
  const byFile = litellm.boolean('cache') ?? false
  const params = litellm.section('cache_params')
  const type = params.text('type') ?? 'local'
  if (byFile && !['local', ...redisTypes].includes(type))
    report.warn([...params.path, 'type'], `answers are kept in memory and Redis only, not in ${type}`)
  const scope = params.text('scope') ?? 'principal'
  if (scope !== 'principal' && scope !== 'team' && scope !== 'global')
    report.warn([...params.path, 'scope'], 'this should be principal, team or global; principal is used')
  const ttl = params.amount('ttl') ?? settings.number('cache.ttl_seconds')
  return {
    isEnabled:
      byFile || settings.boolean('cache.enabled') || builtIn.has('cache') || builtIn.has('semantic-cache'),
    isOnByDefault: params.text('mode') !== 'default_off',
    ttlMs: ttl * 1000,
    maxEntries: settings.number('cache.l1_max_size'),
    maxTemperature: byFile ? null : settings.number('cache.max_temperature'),
    scope: scope === 'team' || scope === 'global' ? scope : 'principal',
    operations: readOperations(params),
    namespace: params.text('namespace'),
    similarity:
      settings.boolean('cache.semantic_enabled') ||
      builtIn.has('semantic-cache') ||
      type.endsWith('-semantic')
        ? readSimilarity(sections, params)
        : null,
    redisUrl: settings.text('cache.redis_url') ?? redisOf(params),
  }
}

function readSimilarity({ settings, report }: ConfigSections, params: Section): SimilarityConfig {
  const given = params.amount('similarity_threshold') ?? settings.number('cache.similarity_threshold')
  if (given < leastThreshold || given > 1)
    report.warn(
      [...params.path, 'similarity_threshold'],
      `this should be ${leastThreshold} to 1; it is moved there`,
    )
  const whose = params.text('semantic_cache_scope')
  if (whose !== null && whose !== 'key' && whose !== 'end_user')
    report.warn([...params.path, 'semantic_cache_scope'], 'this should be key or end_user; key is used')
  return {
    threshold: Math.min(1, Math.max(leastThreshold, given)),
    within: whose === null ? 'everybody' : whose === 'end_user' ? 'end-user' : 'key',
  }
}

function readOperations(params: Section): ReadonlySet<string> {
  const named = params.textList('supported_call_types')
  if (named.length === 0) return new Set(cacheable)
  return new Set(named.flatMap((name) => operationOf[name] ?? []))
}

function redisOf(params: Section): string | null {
  if (!redisTypes.includes(params.text('type') ?? '')) return null
  const url = params.text('url')
  if (url !== null) return url
  const host = params.text('host')
  if (host === null) return null
  const password = params.text('password')
  const scheme = params.boolean('ssl') === true ? 'rediss' : 'redis'
  return `${scheme}://${password === null ? '' : `:${encodeURIComponent(password)}@`}${host}:${params.count('port') ?? 6379}`
}
