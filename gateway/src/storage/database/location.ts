import type { StorageConfig } from '../../config/config.ts'
import type { DatabaseLocation } from './database.ts'

/** Where a gateway of this configuration has its database. */
export function locationOf({ databaseUrl, databasePoolLimit, dataDir }: StorageConfig): DatabaseLocation {
  return databaseUrl === null ? { dataDir } : { url: databaseUrl, poolLimit: databasePoolLimit }
}
