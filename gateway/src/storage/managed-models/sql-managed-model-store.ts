import type { PoolClient } from 'pg'
import type {
  ManagedModelStore,
  StoredCredential,
  StoredModel,
} from '../../managed-models/managed-model-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'

interface ModelRow {
  readonly model_id: string
  readonly model_name: string
  readonly params: string
  readonly info: Readonly<Record<string, unknown>>
  readonly created_by: string | null
  readonly updated_by: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

interface CredentialRow {
  readonly name: string
  readonly held: string
  readonly info: Readonly<Record<string, unknown>>
  readonly created_at: Date
  readonly updated_at: Date
}

/** Managed models over SQL. `now` stamps changes. */
export function createSqlManagedModelStore(database: Database, now: () => number): ManagedModelStore {
  const { pool } = database
  /** Runs one statement that changes at most one row, and counts it where it did. */
  const change = (text: string, values: readonly unknown[]): Promise<boolean> =>
    inTransaction(database, async (client) => {
      const { rowCount } = await client.query(text, [...values])
      if (rowCount !== 1) return false
      await raiseVersion(client)
      return true
    })
  return {
    async version() {
      const { rows } = await guardQuery(
        pool.query<{ version: string }>('SELECT version FROM managed_version'),
      )
      return Number(rows[0]?.version ?? 0)
    },
    async read() {
      // The version first: what is written meanwhile is read again later rather than never.
      const version = await this.version()
      const models = await guardQuery(
        pool.query<ModelRow>('SELECT * FROM managed_models ORDER BY created_at, model_id'),
      )
      const credentials = await guardQuery(
        pool.query<CredentialRow>('SELECT * FROM managed_credentials ORDER BY name'),
      )
      return {
        version,
        models: models.rows.map(readModel),
        credentials: credentials.rows.map(readCredential),
      }
    },
    addModel: ({ id, modelName, params, info, createdBy, updatedBy }) =>
      change(
        `INSERT INTO managed_models
           (model_id, model_name, params, info, created_by, updated_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING`,
        [id, modelName, params, JSON.stringify(info), createdBy, updatedBy, new Date(now())],
      ),
    changeModel: ({ id, modelName, params, info, updatedBy }) =>
      change(
        `UPDATE managed_models SET model_name = $2, params = $3, info = $4, updated_by = $5, updated_at = $6
         WHERE model_id = $1`,
        [id, modelName, params, JSON.stringify(info), updatedBy, new Date(now())],
      ),
    removeModel: (id) => change('DELETE FROM managed_models WHERE model_id = $1', [id]),
    addCredential: ({ name, held, info }) =>
      change(
        `INSERT INTO managed_credentials (name, held, info, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`,
        [name, held, JSON.stringify(info), new Date(now())],
      ),
    changeCredential: ({ name, held, info }) =>
      change('UPDATE managed_credentials SET held = $2, info = $3, updated_at = $4 WHERE name = $1', [
        name,
        held,
        JSON.stringify(info),
        new Date(now()),
      ]),
    removeCredential: (name) => change('DELETE FROM managed_credentials WHERE name = $1', [name]),
  }
}

async function raiseVersion(client: PoolClient): Promise<void> {
  await client.query('UPDATE managed_version SET version = version + 1')
}

function readModel(row: ModelRow): StoredModel {
  return {
    id: row.model_id,
    modelName: row.model_name,
    params: row.params,
    info: row.info,
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}

function readCredential({ name, held, info, created_at, updated_at }: CredentialRow): StoredCredential {
  return { name, held, info, createdAt: created_at.getTime(), updatedAt: updated_at.getTime() }
}
