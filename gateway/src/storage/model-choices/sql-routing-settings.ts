import type {
  RoutingOverrides,
  RoutingSettingsStore,
} from '../../model-routing/settings/routing-settings-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface SettingsRow {
  readonly version: string
  readonly settings: RoutingOverrides
}

const changeStatement = `
  INSERT INTO routing_settings AS kept (version, settings) VALUES (1, jsonb_strip_nulls($1::jsonb))
  ON CONFLICT (only_row) DO UPDATE SET
    version = kept.version + 1,
    settings = jsonb_strip_nulls(kept.settings || $1::jsonb)`

/** What admins set of routing, over SQL. */
export function createSqlRoutingSettings({ pool }: Database): RoutingSettingsStore {
  return {
    async read() {
      const { rows } = await guardQuery(
        pool.query<SettingsRow>('SELECT version, settings FROM routing_settings'),
      )
      return { version: Number(rows[0]?.version ?? 0), overrides: rows[0]?.settings ?? {} }
    },
    async change(changes) {
      await guardQuery(pool.query(changeStatement, [JSON.stringify(changes)]))
    },
  }
}
