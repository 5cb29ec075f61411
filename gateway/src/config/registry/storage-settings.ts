import { available, planned, plannedRequest, plannedSwitch, type Setting } from './setting.ts'

function redisFile(key: string): { file: readonly string[] } {
  return {
    file: [`router_settings.redis_${key}`, `general_settings.redis_${key}`, `litellm_settings.redis_${key}`],
  }
}

/** Database and Redis. */
export const storageSettings: readonly Setting[] = [
  available(
    'postgres.url',
    'text',
    null,
    'PostgreSQL URL; without one the embedded database is used',
    ['DATABASE_URL'],
    { file: ['general_settings.database_url'], example: 'postgres://routeiq@db.example.org/routeiq' },
  ),
  available('postgres.pool_max', 'integer', 10, 'Largest number of database connections', [], {
    file: ['general_settings.database_connection_pool_limit'],
  }),
  available('postgres.pool_min', 'integer', 2, 'Database connections that stay open without work'),
  available(
    'postgres.ssl_mode',
    'choice',
    'prefer',
    'TLS to the database, in the words of its own clients; `sslmode` of a URL counts before it',
    [],
    { choices: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] },
  ),
  available(
    'process.direct_url',
    'text',
    null,
    'The same database past a pooler such as PgBouncer; migrations take it',
    ['DIRECT_URL'],
    { example: 'postgres://routeiq@db.example.org/routeiq' },
  ),
  planned('postgres.reader_host', 'text', null, 'Read replica'),
  plannedSwitch('postgres.iam_auth', 'Cloud identity for the database'),
  available('redis.url', 'text', null, 'Redis URL; without one state is kept in the process', ['REDIS_URL'], {
    ...redisFile('url'),
    example: 'redis://cache.example.org:6379/0',
  }),
  available(
    'redis.host',
    'text',
    null,
    'Redis host, when there is no URL',
    ['REDIS_HOST'],
    redisFile('host'),
  ),
  available('redis.port', 'integer', 6379, 'Redis port', ['REDIS_PORT'], redisFile('port')),
  available('redis.username', 'text', null, 'Redis user', ['REDIS_USERNAME'], redisFile('username')),
  available('redis.password', 'text', null, 'Redis password', ['REDIS_PASSWORD'], redisFile('password')),
  available('redis.db', 'integer', 0, 'Redis database number', ['REDIS_DB'], redisFile('db')),
  available('redis.ssl', 'boolean', false, 'TLS to Redis', ['REDIS_SSL'], redisFile('ssl')),
  plannedSwitch('redis.cluster_mode', 'Redis cluster'),
  plannedRequest('process.redis_cluster_nodes', 'text', 'Redis cluster nodes', ['REDIS_CLUSTER_NODES']),
  available(
    'process.redis_breaker_failures',
    'integer',
    5,
    'Failures in a row after which Redis is left alone',
    ['REDIS_CIRCUIT_BREAKER_FAILURE_THRESHOLD'],
  ),
  available('process.redis_breaker_seconds', 'number', 60, 'Seconds until it is tried again', [
    'REDIS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT',
  ]),
]
