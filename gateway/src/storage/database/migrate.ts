import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { PoolClient } from 'pg'
import { packageFile } from '../../package-file.ts'
import type { Database } from './database.ts'
import { guardQuery } from './database-error.ts'

/** The SQL files shipped with the gateway, `NNNN_name.sql`, applied in the order of their names. */
const migrationsDirectory = fileURLToPath(packageFile('migrations'))

/** Any constant works, as long as every gateway uses the same and nothing else in the database does. */
const lockKey = 7_266_451_903
const migrationTimeoutMs = 600_000

export interface MigrationReport {
  /** Names applied by this run, in order. */
  readonly applied: readonly string[]
  /** Sentences for the operator's log. */
  readonly warnings: readonly string[]
}

/**
 * Brings the schema up to date. Each file runs once, in a transaction, recorded in `routeiq_migrations`; a lock
 * in the database makes replicas that start together take turns. Files behind `last`, a number or a name, are left for a later
 * start. Rejects on the first file that fails, naming it, and where there is no such file as `last`.
 */
export async function migrateDatabase(
  database: Database,
  directory = migrationsDirectory,
  last: string | null = null,
): Promise<MigrationReport> {
  const shipped = await listShipped(directory)
  const names = upTo(shipped, last)
  const left = shipped.slice(names.length)
  const notices = left.length === 0 ? [] : [`Migrations are left for a later start: ${left.join(', ')}.`]
  const client = await guardQuery(database.pool.connect())
  try {
    if ((await findMissing(client, names)).length === 0) {
      client.release()
      return { applied: [], warnings: notices }
    }
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    const warnings = await enableVector(client)
    const applied = await applyMissing(client, directory, names)
    await client.query('SELECT pg_advisory_unlock($1)', [lockKey])
    client.release()
    return { applied, warnings: [...warnings, ...notices] }
  } catch (error) {
    // Ends the session, and with it the lock.
    client.release(true)
    throw error
  }
}

/** What `migrateDatabase` would apply, without applying it. */
export async function listPendingMigrations(
  { pool }: Database,
  last: string | null = null,
): Promise<readonly string[]> {
  const names = upTo(await listShipped(migrationsDirectory), last)
  const client = await guardQuery(pool.connect())
  try {
    return await findMissing(client, names)
  } finally {
    client.release()
  }
}

const listShipped = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()

function upTo(names: readonly string[], last: string | null): readonly string[] {
  if (last === null) return names
  const found = names.findIndex((name) => [name, name.replace('.sql', ''), name.slice(0, 4)].includes(last))
  if (found === -1) throw new Error(`There is no migration ${last}; the last one is ${names.at(-1)}`)
  return names.slice(0, found + 1)
}

async function applyMissing(
  client: PoolClient,
  directory: string,
  names: readonly string[],
): Promise<readonly string[]> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS routeiq_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  )
  const missing = await findMissing(client, names)
  for (const name of missing) await applyFile(client, name, await readFile(`${directory}/${name}`, 'utf8'))
  return missing
}

async function findMissing(client: PoolClient, names: readonly string[]): Promise<readonly string[]> {
  const table = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('routeiq_migrations') IS NOT NULL AS exists",
  )
  if (table.rows[0]?.exists !== true) return names
  const { rows } = await client.query<{ name: string }>('SELECT name FROM routeiq_migrations')
  const known = new Set(rows.map((row) => row.name))
  return names.filter((name) => !known.has(name))
}

async function applyFile(client: PoolClient, name: string, text: string): Promise<void> {
  const script = { text, query_timeout: migrationTimeoutMs }
  try {
    await client.query('BEGIN')
    await client.query(script)
    await client.query('INSERT INTO routeiq_migrations (name) VALUES ($1)', [name])
    await client.query('COMMIT')
  } catch (error) {
    throw new Error(`Migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Vector search needs the extension; everything else works without, so its absence is only a warning. */
async function enableVector(client: PoolClient): Promise<string[]> {
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS vector')
    return []
  } catch {
    return [
      'The PostgreSQL extension "vector" (pgvector) is not installed or this user may not create it; vector search will not be available. Install pgvector and run CREATE EXTENSION vector as a superuser.',
    ]
  }
}
