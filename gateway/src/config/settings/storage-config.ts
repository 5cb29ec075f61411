import type { StorageConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** Database, Redis and the data directory. */
export function readStorageConfig({ general, settings }: ConfigSections): StorageConfig {
  return {
    databaseUrl: settings.text('postgres.url'),
    databasePoolLimit: Math.max(1, settings.number('postgres.pool_max')),
    databasePoolMinimum: settings.number('postgres.pool_min'),
    databaseSslMode: (settings.text('postgres.ssl_mode') ?? 'prefer') as StorageConfig['databaseSslMode'],
    directDatabaseUrl: settings.text('process.direct_url'),
    redisUrl: readRedisUrl(settings),
    redisBreaker: {
      failures: Math.max(1, settings.number('process.redis_breaker_failures')),
      openMs: settings.number('process.redis_breaker_seconds') * 1_000,
    },
    dataDir: settings.text('data_dir') ?? '.routeiq',
    disableSpendLogs: general.boolean('disable_spend_logs') ?? false,
    toleratesFailedMigrations: settings.boolean('ha.leader_migrations_fail_open'),
    lastMigration: settings.text('ha.migration_version'),
  }
}

/** The URL beats the parts, unless the file writes the parts and only the environment has a URL. */
function readRedisUrl(settings: ConfigSections['settings']): string | null {
  const fileHasParts = settings.isFromFile('redis.host') && !settings.isFromFile('redis.url')
  return (fileHasParts ? null : settings.text('redis.url')) ?? redisUrlFromParts(settings)
}

function redisUrlFromParts(settings: ConfigSections['settings']): string | null {
  const host = settings.text('redis.host')
  if (host === null) return null
  const scheme = settings.boolean('redis.ssl') ? 'rediss' : 'redis'
  const username = encodeURIComponent(settings.text('redis.username') ?? '')
  const password = encodeURIComponent(settings.text('redis.password') ?? '')
  const credentials = username === '' && password === '' ? '' : `${username}:${password}@`
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `${scheme}://${credentials}${bracketed}:${settings.number('redis.port')}/${settings.number('redis.db')}`
}
