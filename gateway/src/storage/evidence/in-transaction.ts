import type { PoolClient } from 'pg'
import type { Database } from '../database/database.ts'

/** Runs work on one connection: all of it, or, when it throws, none. */
export async function inTransaction<Result>(
  { pool }: Database,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}
