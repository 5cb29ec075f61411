import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlRoutingSettings } from './sql-routing-settings.ts'

describe.each(await listTestDatabases())('what admins set of routing over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase

  beforeAll(async () => {
    opened = await openMigrated()
  })
  afterAll(() => opened?.dispose())

  it('is kept member by member, and goes by null', async () => {
    const store = createSqlRoutingSettings(opened.database)
    expect(await store.read()).toEqual({ version: 0, overrides: {} })
    await store.change({ active_strategy: 'llmrouter-random', routing_profile: null })
    await store.change({ routing_profile: 'eco' })
    const both = { active_strategy: 'llmrouter-random', routing_profile: 'eco' }
    expect(await store.read()).toEqual({ version: 2, overrides: both })
    const experiment = { id: 'e', enabled: true, variants: [{ name: 'a', strategy: 's', weight: 1 }] }
    await store.change({ active_strategy: null, experiment })
    expect(await store.read()).toEqual({ version: 3, overrides: { routing_profile: 'eco', experiment } })
  })
})
