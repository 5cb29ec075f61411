import type { PoolClient } from 'pg'
import type {
  DefinitionPin,
  McpServerStore,
  ServerWrite,
  StoredServer,
  ToolsetWrite,
} from '../../mcp/registry/server-store.ts'
import type { Toolset } from '../../mcp/registry/toolset.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'

interface ServerRow {
  readonly server_id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: string | null
  readonly revision: string
  readonly created_at: Date
  readonly created_by: string | null
  readonly updated_at: Date
  readonly updated_by: string | null
}

interface PinRow {
  readonly server_id: string
  readonly kind: DefinitionPin['kind']
  readonly name: string
  readonly digest: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly pinned_by: string | null
}

interface ToolsetRow {
  readonly toolset_id: string
  readonly name: string
  readonly description: string | null
  readonly tools: Toolset['tools']
  readonly created_at: Date
  readonly created_by: string | null
  readonly updated_at: Date
  readonly updated_by: string | null
}

/** The store of tool servers over SQL. `now` stamps changes. */
export function createSqlMcpStore(database: Database, now: () => number): McpServerStore {
  const { pool } = database
  return {
    async epoch() {
      const { rows } = await guardQuery(pool.query<{ epoch: string }>('SELECT epoch FROM mcp_epoch'))
      return Number(rows[0]?.epoch ?? 0)
    },
    async read() {
      // The epoch first: what is written meanwhile is read again later rather than never.
      const epoch = await this.epoch()
      const servers = await guardQuery(pool.query<ServerRow>('SELECT * FROM mcp_servers ORDER BY server_id'))
      const pins = await guardQuery(pool.query<PinRow>('SELECT * FROM mcp_pins'))
      const toolsets = await guardQuery(
        pool.query<ToolsetRow>('SELECT * FROM mcp_toolsets ORDER BY lower(name)'),
      )
      return {
        epoch,
        servers: servers.rows.map(readServer),
        pins: pins.rows.map(readPin),
        toolsets: toolsets.rows.map(readToolset),
      }
    },
    write: (server, mode) =>
      inTransaction(database, async (client) => {
        const revision = await raiseMcpEpoch(client)
        const values = [...valuesOf(server), revision, new Date(now()), server.actor]
        const { rowCount } = await client.query(writeStatements[mode], values)
        return rowCount === 1
      }),
    remove: (serverId) =>
      inTransaction(database, async (client) => {
        await raiseMcpEpoch(client)
        await client.query('DELETE FROM mcp_pins WHERE server_id = $1', [serverId])
        const { rowCount } = await client.query('DELETE FROM mcp_servers WHERE server_id = $1', [serverId])
        return rowCount === 1
      }),
    async addPins(pins) {
      if (pins.length === 0) return
      await inTransaction(database, async (client) => {
        let added = 0
        for (const pin of pins) {
          const { rowCount } = await client.query(
            `${insertPin} ON CONFLICT DO NOTHING`,
            pinValues(pin, now()),
          )
          added += rowCount ?? 0
        }
        if (added > 0) await raiseMcpEpoch(client)
      })
    },
    async setPin(pin) {
      await inTransaction(database, async (client) => {
        await client.query(
          `${insertPin} ON CONFLICT (server_id, kind, name) DO UPDATE SET digest = excluded.digest,
           definition = excluded.definition, pinned_at = excluded.pinned_at, pinned_by = excluded.pinned_by`,
          pinValues(pin, now()),
        )
        await raiseMcpEpoch(client)
      })
    },
    writeToolset: (toolset, actor) =>
      inTransaction(database, async (client) => {
        await raiseMcpEpoch(client)
        const rival = await client.query(
          'SELECT 1 FROM mcp_toolsets WHERE lower(name) = lower($1) AND toolset_id <> $2',
          [toolset.name, toolset.toolsetId],
        )
        if (rival.rowCount !== 0) return false
        await client.query(writeToolset, [...toolsetValues(toolset), new Date(now()), actor])
        return true
      }),
    removeToolset: (toolsetId) =>
      inTransaction(database, async (client) => {
        await raiseMcpEpoch(client)
        const { rowCount } = await client.query('DELETE FROM mcp_toolsets WHERE toolset_id = $1', [toolsetId])
        return rowCount === 1
      }),
  }
}

/** The new epoch. Other writers wait until the transaction ends. */
async function raiseMcpEpoch(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ epoch: string }>(
    'UPDATE mcp_epoch SET epoch = epoch + 1 RETURNING epoch',
  )
  return Number(rows[0]?.epoch)
}

const insertServer = `
  INSERT INTO mcp_servers
    (server_id, settings, secrets, revision, created_at, created_by, updated_at, updated_by)
  VALUES ($1, $2, $3, $4, $5, $6, $5, $6)`
const changeServer = `
  settings = $2, secrets = $3, revision = $4, updated_at = $5, updated_by = $6`
const writeStatements = {
  create: `${insertServer} ON CONFLICT DO NOTHING`,
  replace: `UPDATE mcp_servers SET ${changeServer} WHERE server_id = $1`,
  either: `${insertServer} ON CONFLICT (server_id) DO UPDATE SET ${changeServer}`,
} as const

const insertPin = `
  INSERT INTO mcp_pins (server_id, kind, name, digest, definition, pinned_at, pinned_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`

const writeToolset = `
  INSERT INTO mcp_toolsets
    (toolset_id, name, description, tools, created_at, created_by, updated_at, updated_by)
  VALUES ($1, $2, $3, $4, $5, $6, $5, $6)
  ON CONFLICT (toolset_id) DO UPDATE SET name = excluded.name, description = excluded.description,
    tools = excluded.tools, updated_at = excluded.updated_at, updated_by = excluded.updated_by`

function toolsetValues({ toolsetId, name, description, tools }: ToolsetWrite): unknown[] {
  return [toolsetId, name, description, JSON.stringify(tools)]
}

function valuesOf({ serverId, settings, secrets }: ServerWrite): unknown[] {
  return [serverId, JSON.stringify(settings), secrets]
}

function pinValues(pin: DefinitionPin, now: number): unknown[] {
  const { serverId, kind, name, digest, definition, pinnedBy } = pin
  return [serverId, kind, name, digest, JSON.stringify(definition), new Date(now), pinnedBy]
}

function readServer(row: ServerRow): StoredServer {
  return {
    serverId: row.server_id,
    settings: row.settings,
    secrets: row.secrets,
    revision: Number(row.revision),
    createdAt: row.created_at.getTime(),
    createdBy: row.created_by,
    updatedAt: row.updated_at.getTime(),
    updatedBy: row.updated_by,
  }
}

function readPin(row: PinRow): DefinitionPin {
  return {
    serverId: row.server_id,
    kind: row.kind,
    name: row.name,
    digest: row.digest,
    definition: row.definition,
    pinnedBy: row.pinned_by,
  }
}

function readToolset(row: ToolsetRow): Toolset {
  return {
    toolsetId: row.toolset_id,
    name: row.name,
    description: row.description,
    tools: row.tools,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    updatedAt: row.updated_at.toISOString(),
    updatedBy: row.updated_by,
  }
}
