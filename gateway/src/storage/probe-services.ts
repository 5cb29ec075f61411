import { Redis } from 'ioredis'
import type { StorageConfig } from '../config/config.ts'
import { explainFailure, openDatabase } from './database/database.ts'
import { listPendingMigrations } from './database/migrate.ts'

const probeTimeoutMs = 2_000
/** More migrations than these are counted. */
const mostNamed = 5

export interface ServiceProbe {
  readonly name: 'database' | 'redis'
  readonly status: 'ok' | 'failed' | 'not-configured'
  /** Null when nothing was called. */
  readonly latencyMs: number | null
  /** For the operator; never holds a URL or credential. */
  readonly message: string
}

/** Calls every configured service once, each within two seconds. `now` is in milliseconds. */
export function probeServices(
  config: Pick<StorageConfig, 'databaseUrl' | 'databaseSslMode' | 'redisUrl' | 'lastMigration'>,
  now: () => number,
): Promise<readonly ServiceProbe[]> {
  return Promise.all([
    config.databaseUrl === null
      ? notConfigured('database', 'embedded database in the data directory')
      : measure('database', now, probeDatabase({ ...config, url: config.databaseUrl })),
    config.redisUrl === null
      ? notConfigured('redis', 'shared state stays in this process')
      : measure('redis', now, probeRedis(config.redisUrl)),
  ])
}

async function notConfigured(name: ServiceProbe['name'], message: string): Promise<ServiceProbe> {
  return { name, status: 'not-configured', latencyMs: null, message }
}

async function measure(
  name: ServiceProbe['name'],
  now: () => number,
  probe: Promise<string>,
): Promise<ServiceProbe> {
  const startedAt = now()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${probeTimeoutMs} ms`)), probeTimeoutMs)
  })
  try {
    const message = await Promise.race([probe, timeout])
    return { name, status: 'ok', latencyMs: now() - startedAt, message }
  } catch (error) {
    const message = error instanceof Error ? error.message : 'failed'
    return { name, status: 'failed', latencyMs: now() - startedAt, message }
  } finally {
    clearTimeout(timer)
  }
}

async function probeDatabase({
  url,
  databaseSslMode: sslMode,
  lastMigration,
}: Pick<StorageConfig, 'databaseSslMode' | 'lastMigration'> & { readonly url: string }): Promise<string> {
  const database = await openDatabase({ url, poolLimit: 1, sslMode })
  try {
    const { rows } = await database.pool.query<{ version: string; vector: boolean }>(
      "SELECT current_setting('server_version') AS version, EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS vector",
    )
    const vector = rows[0]?.vector === true ? 'available' : 'missing'
    const pending = describePending(await listPendingMigrations(database, lastMigration))
    return `PostgreSQL ${rows[0]?.version}, pgvector ${vector}, ${pending}`
  } finally {
    await database.close()
  }
}

function describePending(names: readonly string[]): string {
  if (names.length === 0) return 'no migration to apply'
  if (names.length <= mostNamed) return `to apply: ${names.join(', ')}`
  return `${names.length} migrations to apply, ${names[0]} to ${names.at(-1)}`
}

async function probeRedis(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: probeTimeoutMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  })
  let failure: unknown = null
  client.on('error', (error) => {
    failure = error
  })
  try {
    await client.connect()
    const info = await client.info('server')
    return `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? 'of unknown version'}`
  } catch (error) {
    throw new Error(`Redis is not usable: ${explainRedis(failure ?? error)}`)
  } finally {
    client.disconnect()
  }
}

function explainRedis(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  if (/^(?:WRONGPASS|NOAUTH|NOPERM)/.test(text)) return 'it refused the user or password'
  return explainFailure(error)
}
