import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { type Database, openDatabase } from '../database/database.ts'
import { copyDatabase } from './copy-database.ts'
import { findTestServices } from './test-services.ts'

/** One kind of database the storage contract must hold on. */
export interface TestDatabase {
  readonly name: string
  /** Opens an empty database of its own. */
  open(): Promise<OpenTestDatabase>
}

export interface OpenTestDatabase {
  readonly database: Database
  /** Drops every table. */
  empty(): Promise<void>
  dispose(): Promise<void>
}

/** The databases of this machine. PostgreSQL is missing, with a note, where it is not installed. */
export async function listTestDatabases(): Promise<readonly TestDatabase[]> {
  const embedded = { name: 'embedded', open: openEmbedded }
  const { databaseUrl } = await findTestServices()
  if (databaseUrl === null) {
    console.warn('PostgreSQL is not installed: its half of the storage contract is skipped')
    return [embedded]
  }
  return [embedded, { name: 'postgresql', open: () => openPostgres(databaseUrl) }]
}

/** A data directory with an initialised embedded database, copied from a template since creating one takes seconds. */
export async function createEmbeddedDataDir(): Promise<string> {
  const template = join(tmpdir(), `routeiq-test-pglite-${pgliteVersion()}`)
  if (!existsSync(template)) await createTemplate(template)
  const dataDir = mkdtempSync(join(tmpdir(), 'routeiq-embedded-'))
  copyDatabase(join(template, 'database'), join(dataDir, 'database'))
  return dataDir
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

async function openEmbedded(): Promise<OpenTestDatabase> {
  const dataDir = await createEmbeddedDataDir()
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

async function createTemplate(template: string): Promise<void> {
  const draft = mkdtempSync(`${template}-`)
  const database = await openDatabase({ dataDir: draft })
  await database.ping()
  await database.close()
  try {
    renameSync(draft, template)
  } catch (error) {
    if (!existsSync(template)) throw error
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
