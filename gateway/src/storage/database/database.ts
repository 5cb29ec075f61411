import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { DatabaseError, Pool, type PoolConfig } from 'pg'
import { rootCause } from './database-error.ts'
import { isTlsMissing, type SslMode, type TlsChoice, tlsChoices } from './database-tls.ts'
import { openEmbeddedDatabase } from './embedded-database.ts'
import { EmbeddedSocket } from './embedded-socket.ts'

const connectTimeoutMs = 3_000
const queryTimeoutMs = 10_000

export interface Database {
  readonly kind: 'postgresql' | 'embedded'
  readonly sql: NodePgDatabase
  readonly pool: Pool
  /** Rejects when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A PostgreSQL. */
export interface DatabaseAddress {
  readonly url: string
  readonly poolLimit: number
  /** Connections that stay open without work; absent keeps none. */
  readonly poolMinimum?: number
  /** Absent leaves TLS to the URL alone. */
  readonly sslMode?: SslMode
  /** What the operator wrote the URL in, for what is said of it. */
  readonly variable?: string
}

export type DatabaseLocation = DatabaseAddress | { readonly dataDir: string }

/**
 * Opens PostgreSQL by URL, or the embedded database of a data directory. Both are reached by the same driver
 * over the same wire protocol. Rejects with a text fit for the operator, never with the URL in it.
 */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  return 'url' in location ? openPostgres(location) : openEmbedded(location.dataDir)
}

async function openPostgres(address: DatabaseAddress): Promise<Database> {
  const [first, second] = tlsChoices(address)
  try {
    return await openPool(address, first)
  } catch (error) {
    if (second === undefined || !second.follows(error)) throw describeFailure(address, error)
  }
  try {
    return await openPool(address, second)
  } catch (error) {
    throw describeFailure(address, error)
  }
}

async function openPool(address: DatabaseAddress, { ssl }: TlsChoice): Promise<Database> {
  const { url, poolLimit, poolMinimum = 0 } = address
  const pool = createPool({
    connectionString: url,
    max: poolLimit,
    min: Math.min(poolMinimum, poolLimit),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(ssl === null ? {} : { ssl }),
  })
  const database = wrapPool('postgresql', pool, () => pool.end())
  try {
    await database.ping()
    return database
  } catch (error) {
    await pool.end()
    throw error
  }
}

function describeFailure({ variable = 'DATABASE_URL' }: DatabaseAddress, error: unknown): Error {
  return new Error(`PostgreSQL (${variable}) is not usable: ${explainFailure(error)}`)
}

async function openEmbedded(dataDir: string): Promise<Database> {
  const embedded = await openEmbeddedDatabase(dataDir)
  const pool = createPool({
    max: 1,
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    stream: () => new EmbeddedSocket(embedded.execute),
  })
  return wrapPool('embedded', pool, async () => {
    await pool.end()
    await embedded.close()
  })
}

function createPool(config: PoolConfig): Pool {
  const pool = new Pool({ query_timeout: queryTimeoutMs, ...config })
  // An idle connection that breaks is replaced on next use; without a listener it would end the process.
  pool.on('error', () => {})
  return pool
}

function wrapPool(kind: Database['kind'], pool: Pool, close: () => Promise<void>): Database {
  return {
    kind,
    sql: drizzle(pool),
    pool,
    async ping() {
      await pool.query('SELECT 1')
    },
    close,
  }
}

/** What went wrong, from the error's code; drivers put host names, users and passwords in their messages. */
export function explainFailure(error: unknown): string {
  const cause = rootCause(error)
  if (cause instanceof DatabaseError) return explainState(cause.code ?? '')
  if (isTlsMissing(cause)) return 'it does not speak TLS, which is asked for'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return connectionFailures[code] ?? 'it did not answer'
}

const certificateFailures = [
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'],
]

const connectionFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name does not resolve',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'it did not answer in time',
  ERR_INVALID_URL: 'the URL is malformed',
  ...Object.fromEntries(certificateFailures.map((code) => [code, 'its certificate is not trusted'])),
}

function explainState(state: string): string {
  if (state.startsWith('28')) return 'it refused the user or password'
  if (state === '3D000') return 'the database it names does not exist'
  if (state.startsWith('53')) return 'it has no connection or memory left'
  if (state === '57P03') return 'it is still starting'
  return `it answered with SQLSTATE ${state}`
}
