import { readdirSync } from 'node:fs'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { freePort } from './harness/free-port.ts'
import { runProduct } from './harness/run-product.ts'
import { masterKey as key, startGateway } from './harness/start-gateway.ts'

const { databaseUrl } = await findTestServices()
/** It makes an index that is there already. */
const failing = '0095_accounts_of_keys.sql'

it.skipIf(databaseUrl === null)(
  'a migration that fails ends the start, unless that is tolerated',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const env = { DATABASE_URL: database.url }
    const gateway = await startGateway({ config: {}, env })
    try {
      const client = new Client(database.url)
      await client.connect()
      await client.query('DELETE FROM routeiq_migrations WHERE name = $1', [failing])
      await client.end()
      const argv = ['start', '--host', '127.0.0.1', '--port', String(await freePort())]
      const refused = runProduct(argv, { ...env, LITELLM_MASTER_KEY: key }, gateway.dataDir)
      expect((await refused.exited).code).toBe(1)
      expect(refused.stderr()).toContain(`Migration ${failing} failed`)
      const tolerant = await startGateway({
        config: {},
        env: { ...env, ROUTEIQ_LEADER_MIGRATIONS_FAIL_OPEN: 'true' },
      })
      try {
        expect(tolerant.stdout() + tolerant.stderr()).toContain(`Migration ${failing} failed`)
        expect((await call(tolerant.url, '/key/generate', { key, body: {} })).status).toBe(200)
      } finally {
        await tolerant.stop()
      }
    } finally {
      await gateway.stop()
      await database.drop()
    }
  },
  120_000,
)

it.skipIf(databaseUrl === null)(
  'migrations behind the one to stop at wait for a later start',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const shipped = readdirSync(new URL('../migrations', import.meta.url)).sort()
    const applied = async (): Promise<string[]> => {
      const client = new Client(database.url)
      await client.connect()
      const { rows } = await client.query('SELECT name FROM routeiq_migrations ORDER BY name')
      await client.end()
      return rows.map(({ name }) => name)
    }
    const env = { DATABASE_URL: database.url }
    try {
      const version = shipped.at(-2)?.slice(0, 4) ?? ''
      const early = await startGateway({ config: {}, env: { ...env, ROUTEIQ_MIGRATION_VERSION: version } })
      expect(await applied()).toEqual(shipped.slice(0, -1))
      expect(early.stdout() + early.stderr()).toContain(`left for a later start: ${shipped.at(-1)}`)
      await early.stop()
      const late = await startGateway({ config: {}, env })
      expect((await call(late.url, '/key/generate', { key, body: {} })).status).toBe(200)
      expect(await applied()).toEqual(shipped)
      await late.stop()
      await expect(
        startGateway({ config: {}, env: { ...env, ROUTEIQ_MIGRATION_VERSION: '9999' } }),
      ).rejects.toThrow('There is no migration 9999')
    } finally {
      await database.drop()
    }
  },
  120_000,
)

it.skipIf(databaseUrl === null)(
  'probe-services says which migrations a start would apply, and applies none',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const dataDir = await temporaryDirectory()
    const probe = async (env: Record<string, string> = {}): Promise<string> => {
      const product = runProduct(['probe-services'], { DATABASE_URL: database.url, ...env }, dataDir)
      expect((await product.exited).code).toBe(0)
      return product.stdout()
    }
    const names = readdirSync(new URL('../migrations', import.meta.url)).sort()
    const all = `${names.length} migrations to apply, ${names[0]} to ${names.at(-1)}`
    try {
      for (const _ of [1, 2]) expect(await probe()).toContain(all)
      expect(await probe({ ROUTEIQ_MIGRATION_VERSION: names[1] ?? '' })).toContain(
        `to apply: ${names[0]}, ${names[1]}`,
      )
      const gateway = await startGateway({ config: {}, env: { DATABASE_URL: database.url } })
      await gateway.stop()
      expect(await probe()).toContain('no migration to apply')
    } finally {
      await database.drop()
      await removeDirectory(dataDir)
    }
  },
  120_000,
)
