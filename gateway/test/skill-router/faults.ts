import { Client } from 'pg'
import { openDatabase } from '../../src/storage/database/database.ts'
import { call } from '../harness/call-gateway.ts'
import type { Gateway } from '../harness/start-gateway.ts'

/** What of the database fails while a key with the alias `fault KIND` exists. */
const kinds = {
  /** Decisions cannot be written. */
  decisions: { sqlState: '42501' },
  /** What is known of success cannot be read. */
  effectiveness: { sqlState: '42P01' },
  /** The index cannot be read, as just after a migration. */
  index: { sqlState: '42703' },
  /** The database is shutting down: neither the index can be read, nor whether it is current. */
  store: { sqlState: '57P03' },
} as const
export type Fault = keyof typeof kinds

/** Reads of a table go through a view that fails on demand, also where the table is empty; writes pass through it. */
const watchReads = (table: string, faults: readonly Fault[]): string => `
  ALTER TABLE ${table} RENAME TO ${table}_kept;
  CREATE VIEW ${table} AS SELECT * FROM ${table}_kept
  WHERE ${faults.map((fault) => `holds('${fault}', '${kinds[fault].sqlState}')`).join(' AND ')};`

const statements = `
  CREATE FUNCTION holds(kind text, state text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
  BEGIN
    IF EXISTS (SELECT 1 FROM virtual_keys WHERE key_alias = 'fault ' || kind) THEN
      RAISE EXCEPTION 'injected: %', kind USING ERRCODE = state;
    END IF;
    RETURN true;
  END $$;
  CREATE FUNCTION refuse_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM holds('decisions', '${kinds.decisions.sqlState}');
    RETURN NULL;
  END $$;
  CREATE TRIGGER refuse_decisions BEFORE INSERT ON routing_decisions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_decisions();
  ${watchReads('effectiveness_rollup', ['effectiveness'])}
  ${watchReads('agent_skills', ['index', 'store'])}
  ${watchReads('skill_workspaces', ['store'])}`

/** Faults of the database that are switched over HTTP, by making and deleting a key. */
export interface Faults {
  /** Runs `check` while `fault` is there. */
  during<Result>(fault: Fault, check: () => Promise<Result>): Promise<Result>
}

/** Puts the switches into the database of a gateway that runs on it. */
export async function installFaults(gateway: Gateway, databaseUrl: string | undefined): Promise<Faults> {
  if (databaseUrl === undefined) await alterEmbedded(gateway)
  else await alterPostgres(databaseUrl)
  return {
    async during(fault, check) {
      const { token } = await gateway.createKey({ key_alias: `fault ${fault}` })
      try {
        return await check()
      } finally {
        const body = { keys: [token] }
        await call(gateway.url, '/key/delete', { key: gateway.masterKey, body })
      }
    },
  }
}

async function alterPostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(statements)
  await client.end()
}

/** Its files belong to one process. */
async function alterEmbedded(gateway: Gateway): Promise<void> {
  gateway.kill('SIGTERM')
  await gateway.exited()
  const database = await openDatabase({ dataDir: gateway.dataDir })
  await database.pool.query(statements)
  await database.close()
  await gateway.restart()
}
