import type { StorageConfig } from '../../config/config.ts'
import type { DatabaseLocation } from './database.ts'

type Named = Pick<
  StorageConfig,
  'databaseUrl' | 'databasePoolLimit' | 'databasePoolMinimum' | 'databaseSslMode' | 'dataDir'
>

/** Where a gateway of this configuration has its database. */
export function locationOf(storage: Named): DatabaseLocation {
  const { databaseUrl: url, databasePoolLimit: poolLimit, databaseSslMode: sslMode, dataDir } = storage
  return url === null
    ? { dataDir }
    : { url, poolLimit, poolMinimum: storage.databasePoolMinimum, sslMode, variable: 'DATABASE_URL' }
}

/** The same past a pooler; null where there is no such way. */
export function directLocationOf({
  databaseUrl,
  directDatabaseUrl: url,
  databaseSslMode: sslMode,
}: Pick<StorageConfig, 'databaseUrl' | 'directDatabaseUrl' | 'databaseSslMode'>): DatabaseLocation | null {
  return databaseUrl === null || url === null ? null : { url, poolLimit: 1, sslMode, variable: 'DIRECT_URL' }
}
