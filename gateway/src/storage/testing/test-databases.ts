import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { type Database, openDatabase } from '../database/database.ts'
import { migrateDatabase } from '../database/migrate.ts'
import { copyDatabase } from './copy-database.ts'
import { migrationsDigest } from './migrations-digest.ts'
import { findTestServices } from './test-services.ts'

/** One kind of database the storage contract must hold on. */
export interface TestDatabase {
  readonly name: string
  /** Opens an empty database of its own. */
  open(): Promise<OpenTestDatabase>
  /** The same with all migrations applied. */
  openMigrated(): Promise<OpenTestDatabase>
}

export interface OpenTestDatabase {
  readonly database: Database
  /** Drops every table. */
  empty(): Promise<void>
  dispose(): Promise<void>
}

/** The databases of this machine. PostgreSQL is missing, with a note, where it is not installed. */
export async function listTestDatabases(): Promise<readonly TestDatabase[]> {
  const embedded = {
    name: 'embedded',
    open: () => openEmbedded(emptyTemplate),
    openMigrated: () => openEmbedded(migratedTemplate),
  }
  const { databaseUrl } = await findTestServices()
  if (databaseUrl === null) {
    console.warn('PostgreSQL is not installed: its half of the storage contract is skipped')
    return [embedded]
  }
  const postgresql = {
    name: 'postgresql',
    open: () => openPostgres(databaseUrl),
    openMigrated: async () => {
      const opened = await openPostgres(databaseUrl)
      await migrateDatabase(opened.database)
      return opened
    },
  }
  return [embedded, postgresql]
}

/** A directory that data directories are copied from, since making one takes seconds. */
interface Template {
  readonly path: string
  /** What is done once to an empty database. */
  prepare(database: Database): Promise<unknown>
}

const emptyTemplate: Template = {
  path: join(tmpdir(), `routeiq-test-pglite-${pgliteVersion()}`),
  prepare: (database) => database.ping(),
}
const migratedTemplate: Template = {
  path: `${emptyTemplate.path}-${migrationsDigest()}`,
  prepare: (database) => migrateDatabase(database),
}

/** A data directory with an initialised embedded database. */
export function createEmbeddedDataDir(): Promise<string> {
  return createDataDir(emptyTemplate)
}

/** Puts a migrated embedded database into a data directory that has none. */
export function placeMigratedDatabase(dataDir: string): Promise<void> {
  return copyTemplate(migratedTemplate, dataDir)
}

/** Creates an empty database on the test server. */
export async function createPostgresDatabase(
  serverUrl: string,
): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `routeiq_test_${randomBytes(6).toString('hex')}`
  await runOn(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => runOn(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function openEmbedded(template: Template): Promise<OpenTestDatabase> {
  const dataDir = await createDataDir(template)
  const database = await openDatabase({ dataDir })
  return {
    database,
    empty: () => dropEverything(database),
    async dispose() {
      await database.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function createDataDir(template: Template): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'routeiq-embedded-'))
  await copyTemplate(template, dataDir)
  return dataDir
}

async function copyTemplate(template: Template, dataDir: string): Promise<void> {
  if (!existsSync(template.path)) await createTemplate(template)
  copyDatabase(join(template.path, 'database'), join(dataDir, 'database'))
}

async function openPostgres(serverUrl: string): Promise<OpenTestDatabase> {
  const { url, drop } = await createPostgresDatabase(serverUrl)
  const database = await openDatabase({ url, poolLimit: 4 })
  return {
    database,
    empty: () => dropEverything(database),
    async dispose() {
      await database.close()
      await drop()
    },
  }
}

async function dropEverything(database: Database): Promise<void> {
  await database.pool.query('DROP SCHEMA public CASCADE')
  await database.pool.query('CREATE SCHEMA public')
}

async function createTemplate({ path, prepare }: Template): Promise<void> {
  const draft = mkdtempSync(`${path}-`)
  const database = await openDatabase({ dataDir: draft })
  await prepare(database)
  await database.close()
  try {
    renameSync(draft, path)
  } catch (error) {
    if (!existsSync(path)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
}

async function runOn(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function pgliteVersion(): string {
  const require = createRequire(import.meta.url)
  const manifest = join(dirname(require.resolve('@electric-sql/pglite')), '../package.json')
  return (require(manifest) as { version: string }).version
}
