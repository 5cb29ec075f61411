import { createPostgresDatabase } from '../../src/storage/testing/test-databases.ts'
import { findTestServices } from '../../src/storage/testing/test-services.ts'

/** A kind of database the product runs on. */
export interface ProductDatabase {
  readonly name: string
  /** A new one: what the gateway's environment must say, and how to remove it. */
  create(): Promise<{ readonly env: Readonly<Record<string, string>>; remove(): Promise<void> }>
}

/** The databases of this machine, for suites that must hold on each. PostgreSQL is missing where it is not installed. */
export async function listDatabases(): Promise<readonly ProductDatabase[]> {
  const embedded = { name: 'embedded', create: async () => ({ env: {}, remove: async () => {} }) }
  const { databaseUrl } = await findTestServices()
  if (databaseUrl === null) return [embedded]
  return [
    embedded,
    {
      name: 'postgresql',
      async create() {
        const { url, drop } = await createPostgresDatabase(databaseUrl)
        return { env: { DATABASE_URL: url }, remove: drop }
      },
    },
  ]
}
