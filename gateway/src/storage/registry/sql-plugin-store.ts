import type { Plugin, PluginStore } from '../../skills/marketplace/plugin-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import type { RegistryStoreOptions } from './sql-registry-store.ts'

const columns = `id, name, source, manifest, is_enabled AS "isEnabled",
  (extract(epoch FROM created_at) * 1000)::float8 AS "createdAt",
  (extract(epoch FROM updated_at) * 1000)::float8 AS "updatedAt"`

/** The plugins of the marketplace over SQL. */
export function createSqlPluginStore(
  database: Database,
  { now, newId }: Pick<RegistryStoreOptions, 'now' | 'newId'>,
): PluginStore {
  const query = <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
    guardQuery(database.pool.query<Row>(text, values)).then(({ rows }) => rows)
  return {
    list: () => query<Plugin>(`SELECT ${columns} FROM claude_code_plugins ORDER BY name`, []),
    async save({ name, source, manifest }) {
      const id = newId()
      const [row] = await query<Plugin>(
        `INSERT INTO claude_code_plugins (id, name, source, manifest, is_enabled, created_at, updated_at)
         VALUES ($1, $2, $3, $4, true, $5, $5)
         ON CONFLICT (name) DO UPDATE
         SET source = excluded.source, manifest = excluded.manifest, updated_at = excluded.updated_at
         RETURNING ${columns}`,
        [id, name, JSON.stringify(source), JSON.stringify(manifest), new Date(now())],
      )
      if (row === undefined) throw new Error('the database returned no row for a plugin')
      return { plugin: row, isNew: row.id === id }
    },
    async enable(name, isEnabled) {
      const text =
        'UPDATE claude_code_plugins SET is_enabled = $2, updated_at = $3 WHERE name = $1 RETURNING id'
      return (await query(text, [name, isEnabled, new Date(now())])).length === 1
    },
    async delete(name) {
      return (
        (await query('DELETE FROM claude_code_plugins WHERE name = $1 RETURNING id', [name])).length === 1
      )
    },
  }
}
