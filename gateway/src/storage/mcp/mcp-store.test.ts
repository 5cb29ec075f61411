import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DefinitionPin, McpServerStore, ServerWrite } from '../../mcp/registry/server-store.ts'
import { listTestDatabases } from '../testing/test-databases.ts'
import { createMemoryMcpStore } from './memory-mcp-store.ts'
import { createSqlMcpStore } from './sql-mcp-store.ts'

let time = Date.UTC(2026, 4, 31, 12)
const now = () => time

interface OpenStore {
  readonly store: McpServerStore
  readonly empty: () => Promise<unknown>
  readonly dispose: () => Promise<void> | void
}

const databases = (await listTestDatabases()).map(({ name, openMigrated }) => ({
  name: name as string,
  openStore: async (): Promise<OpenStore> => {
    const opened = await openMigrated()
    return {
      store: createSqlMcpStore(opened.database, now),
      empty: () => opened.database.pool.query('TRUNCATE mcp_servers, mcp_pins, mcp_toolsets'),
      dispose: () => opened.dispose(),
    }
  },
}))
const memory = {
  name: 'memory',
  openStore: async (): Promise<OpenStore> => {
    const store = createMemoryMcpStore(now)
    const empty = async () => {
      for (const { serverId } of (await store.read()).servers) await store.remove(serverId)
    }
    return { store, empty, dispose: () => {} }
  },
}

const server = (serverId: string, extra: Partial<ServerWrite> = {}): ServerWrite => ({
  serverId,
  settings: { name: serverId, url: 'https://tools.test/mcp' },
  secrets: null,
  actor: 'a',
  ...extra,
})
const pin = (name: string, digest: string): DefinitionPin => ({
  serverId: 'one',
  kind: 'tool',
  name,
  digest,
  definition: { name },
  pinnedBy: null,
})

describe.each([...databases, memory])('the store of tool servers over $name', ({ openStore }) => {
  let opened: OpenStore
  let store: McpServerStore

  beforeAll(async () => {
    opened = await openStore()
    store = opened.store
  })
  beforeEach(() => opened.empty())
  afterAll(() => opened?.dispose())

  it('creates what is new, replaces what is there, and says when it did neither', async () => {
    expect(await store.write(server('one'), 'replace')).toBe(false)
    expect(await store.write(server('one'), 'create')).toBe(true)
    expect(await store.write(server('one'), 'create')).toBe(false)
    time += 1_000
    const changed = server('one', { secrets: 'sealed', actor: 'b', settings: { name: 'new' } })
    expect(await store.write(changed, 'either')).toBe(true)
    expect((await store.read()).servers).toMatchObject([
      {
        serverId: 'one',
        settings: { name: 'new' },
        secrets: 'sealed',
        createdAt: time - 1_000,
        createdBy: 'a',
        updatedAt: time,
        updatedBy: 'b',
      },
    ])
  })

  it('raises the epoch with every change, and no revision stays', async () => {
    await store.write(server('one'), 'either')
    const before = await store.read()
    await store.write(server('one'), 'either')
    const after = await store.read()
    expect(after.epoch).toBeGreaterThan(before.epoch)
    expect(after.servers[0]?.revision).not.toBe(before.servers[0]?.revision)
    expect(await store.epoch()).toBe(after.epoch)
  })

  it('removes a server with its pins', async () => {
    await store.write(server('one'), 'create')
    await store.addPins([pin('echo', 'd1')])
    expect([await store.remove('one'), await store.remove('one')]).toEqual([true, false])
    expect(await store.read()).toMatchObject({ servers: [], pins: [] })
  })

  it('keeps the first pin of a name until another is set', async () => {
    await store.write(server('one'), 'create')
    await store.addPins([pin('echo', 'd1'), pin('add', 'd2')])
    await store.addPins([pin('echo', 'other')])
    const digests = async () =>
      (await store.read()).pins.map(({ name, digest }) => `${name} ${digest}`).sort()
    expect(await digests()).toEqual(['add d2', 'echo d1'])
    await store.setPin({ ...pin('echo', 'd3'), pinnedBy: 'admin' })
    expect(await digests()).toEqual(['add d2', 'echo d3'])
  })

  it('keeps toolsets, of which no two have one name', async () => {
    const toolset = { toolsetId: 't1', name: 'Reading', description: null, tools: [] }
    const before = await store.epoch()
    expect(await store.writeToolset(toolset, 'a')).toBe(true)
    expect(await store.epoch()).toBeGreaterThan(before)
    expect(await store.writeToolset({ ...toolset, toolsetId: 't2', name: 'reading' }, 'a')).toBe(false)
    const createdAt = new Date(time).toISOString()
    time += 1_000
    const tools = [{ serverId: 'one', toolName: 'echo' }]
    expect(await store.writeToolset({ ...toolset, tools }, 'b')).toBe(true)
    expect((await store.read()).toolsets).toEqual([
      {
        ...{ ...toolset, tools, createdAt, createdBy: 'a' },
        ...{ updatedAt: new Date(time).toISOString(), updatedBy: 'b' },
      },
    ])
    expect([await store.removeToolset('t1'), await store.removeToolset('t1')]).toEqual([true, false])
  })
})
