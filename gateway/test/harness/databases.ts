import { createPostgresDatabase } from '../../src/storage/testing/test-databases.ts'
import { findTestServices } from '../../src/storage/testing/test-services.ts'
import { type Gateway, type GatewayOptions, startGateway } from './start-gateway.ts'

/** A kind of database the product runs on. */
export interface ProductDatabase {
  readonly name: string
  /** A new one: what the gateway's environment must say, and how to remove it. */
  create(): Promise<{ readonly env: Readonly<Record<string, string>>; remove(): Promise<void> }>
}

/** The databases of this machine, for suites that must hold on each. PostgreSQL is missing where it is not installed. */
export async function listDatabases(): Promise<readonly [ProductDatabase, ...ProductDatabase[]]> {
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

/** A gateway over a new database of this kind, which goes when the gateway is stopped. */
export async function startGatewayOver(kind: ProductDatabase, options: GatewayOptions): Promise<Gateway> {
  const { env, remove } = await kind.create()
  try {
    const gateway = await startGateway({ ...options, env: { ...env, ...options.env } })
    const stop = gateway.stop.bind(gateway)
    gateway.stop = async () => {
      const exit = await stop()
      await remove()
      return exit
    }
    return gateway
  } catch (error) {
    await remove()
    throw error
  }
}
