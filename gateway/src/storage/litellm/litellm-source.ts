import { Client } from 'pg'
import { explainFailure } from '../database/database.ts'

const batchRows = 2_000
const connectTimeoutMs = 5_000

/** A LiteLLM database, opened to be read and no more. */
export interface LiteLlmSource {
  /** The rows of a table as JSON objects by column, some at a time in the order of `key`; none of a table that is not there. */
  read(table: string, key: string): AsyncGenerator<readonly unknown[]>
  /** How many rows LiteLLM's tables have, those without any left out. */
  countRows(): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}

/** Rejects with a text fit for the operator, never with the URL in it. */
export async function openLiteLlm(url: string): Promise<LiteLlmSource> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  try {
    await client.connect()
    // One moment for all tables.
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  } catch (error) {
    await client.end().catch(() => {})
    throw new Error(`the database of LiteLLM is not usable: ${explainFailure(error)}`)
  }
  const tables = await listTables(client)
  if (!tables.has('LiteLLM_VerificationToken')) {
    await client.end()
    throw new Error('this is no database of LiteLLM: it has no table "LiteLLM_VerificationToken"')
  }
  return {
    async *read(table, key) {
      const schema = tables.get(table)
      if (schema === undefined) return
      const [name, column] = [`${quote(schema)}.${quote(table)}`, quote(key)]
      let after: string | null = null
      for (;;) {
        const { rows }: { rows: { row: unknown; key: string }[] } = await client.query(
          `SELECT to_jsonb(source) AS row, ${column}::text AS key FROM ${name} AS source
           WHERE $1::text IS NULL OR ${column}::text > $1 ORDER BY ${column}::text LIMIT ${batchRows}`,
          [after],
        )
        if (rows.length > 0) yield rows.map(({ row }) => row)
        if (rows.length < batchRows) return
        after = rows.at(-1)?.key ?? null
      }
    },
    async countRows() {
      const counts = new Map<string, number>()
      for (const [table, schema] of tables) {
        const { rows } = await client.query<{ count: string }>(
          `SELECT count(*) AS count FROM ${quote(schema)}.${quote(table)}`,
        )
        const count = Number(rows[0]?.count ?? 0)
        if (count > 0) counts.set(table, count)
      }
      return counts
    },
    close: () => client.end(),
  }
}

/** LiteLLM's tables with the schema each is in, which the URL may name in Prisma's way. */
async function listTables(client: Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; schema: string }>(
    `SELECT table_name AS name, table_schema AS schema FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND starts_with(table_name, 'LiteLLM_')
     ORDER BY table_schema = 'public', table_schema DESC`,
  )
  return new Map(rows.map(({ name, schema }) => [name, schema]))
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
