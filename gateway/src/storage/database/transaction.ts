import type { PoolClient } from 'pg'
import type { Database } from './database.ts'
import { guardQuery } from './database-error.ts'

/** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
export function inTransaction<Result>(
  database: Database,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  return guardQuery(run(database, work))
}

async function run<Result>(
  database: Database,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await database.pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    try {
      await client.query('ROLLBACK')
      client.release()
    } catch {
      // A connection that cannot even roll back is of no use to the next one.
      client.release(true)
    }
    throw error
  }
}
