import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ManagedModelStore } from '../../managed-models/managed-model-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlManagedModelStore } from './sql-managed-model-store.ts'

let time = Date.UTC(2026, 4, 31, 12)

const model = (id: string, modelName: string) => ({
  ...{ id, modelName, params: `sealed ${id}`, info: { mode: 'chat' } },
  ...{ createdBy: 'ada', updatedBy: 'ada' },
})

describe.each(await listTestDatabases())('managed models over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: ManagedModelStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlManagedModelStore(opened.database, () => time)
  })
  afterAll(() => opened?.dispose())

  it('are kept in the order in which they came, and each id once', async () => {
    expect(await store.read()).toEqual({ version: 0, models: [], credentials: [] })
    expect(await store.addModel(model('b', 'fast'))).toBe(true)
    time += 1_000
    expect(await store.addModel(model('a', 'smart'))).toBe(true)
    expect(await store.addModel(model('a', 'other'))).toBe(false)
    const { version, models } = await store.read()
    expect(version).toBe(2)
    expect(models).toEqual([
      { ...model('b', 'fast'), createdAt: time - 1_000, updatedAt: time - 1_000 },
      { ...model('a', 'smart'), createdAt: time, updatedAt: time },
    ])
  })

  it('change and go, and what is not there does not count as a change', async () => {
    const before = await store.version()
    expect(await store.changeModel({ ...model('b', 'faster'), updatedBy: 'eve' })).toBe(true)
    expect(await store.changeModel(model('none', 'x'))).toBe(false)
    expect(await store.removeModel('a')).toBe(true)
    expect(await store.removeModel('a')).toBe(false)
    const { version, models } = await store.read()
    expect(version).toBe(before + 2)
    expect(models).toMatchObject([{ id: 'b', modelName: 'faster', createdBy: 'ada', updatedBy: 'eve' }])
  })

  it('have credentials beside them', async () => {
    const credential = { name: 'main', held: 'sealed', info: { team: 'search' } }
    expect(await store.addCredential(credential)).toBe(true)
    expect(await store.addCredential({ ...credential, held: 'other' })).toBe(false)
    expect(await store.changeCredential({ ...credential, held: 'new' })).toBe(true)
    expect((await store.read()).credentials).toEqual([
      { ...credential, held: 'new', createdAt: time, updatedAt: time },
    ])
    expect(await store.removeCredential('main')).toBe(true)
    expect(await store.changeCredential(credential)).toBe(false)
    expect((await store.read()).credentials).toEqual([])
  })
})
