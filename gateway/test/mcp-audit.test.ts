import { Client } from 'pg'
import { expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { startRawServer } from './mcp-servers/raw-server.ts'

const [, postgresql] = await listDatabases()
const calls = 300

it.skipIf(postgresql === undefined)(
  'calls are written to the audit log many at a time, and all of them before a gateway that is told to stop has ended',
  async () => {
    const created = await postgresql?.create()
    if (created === undefined) throw new Error('no PostgreSQL')
    const raw = await startRawServer()
    let gateway: Gateway | null = null
    const database = new Client(created.env['DATABASE_URL'])
    try {
      gateway = await startGateway({
        config: { mcp_servers: { raw: { url: raw.url, transport: 'http' } } },
        env: created.env,
      })
      const { key } = await gateway.createKey()
      const { url } = gateway
      const use = () =>
        call(url, '/mcp-rest/tools/call', {
          ...{ key, body: { name: 'echo', server_id: 'raw', arguments: {} } },
        })
      await use()
      const answers = await Promise.all(Array.from({ length: calls - 1 }, use))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      gateway.kill('SIGTERM')
      await gateway.exited()
      await database.connect()
      const { rows } = await database.query(
        `SELECT count(*)::int AS rows, count(DISTINCT xmin::text)::int AS transactions
         FROM audit_logs WHERE action = 'mcp.tool.call'`,
      )
      expect(rows[0].rows).toBe(calls)
      expect(rows[0].transactions).toBeLessThan(calls / 2)
    } finally {
      await gateway?.stop()
      raw.close()
      await database.end().catch(() => {})
      await created.remove()
    }
  },
)
