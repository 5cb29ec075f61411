import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProviderCopyStore } from '../../skills/accounts/provider-copy-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlProviderCopies } from './sql-provider-copies.ts'

const start = 1_750_000_000_000
const dayMs = 86_400_000

describe.each(await listTestDatabases())('copies at vendors over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let copies: ProviderCopyStore
  let now = start

  beforeAll(async () => {
    opened = await openMigrated()
    copies = createSqlProviderCopies(opened.database, () => now)
  })
  afterAll(() => opened?.dispose())

  const copy = (fingerprint: string, treeDigest: string, id: string) => ({
    ...{ fingerprint, treeDigest, providerSkillId: id, providerVersion: '1' },
  })

  it('are found by account and tree, the first of them standing', async () => {
    expect(await copies.find('a', 'tree')).toBeNull()
    expect(await copies.save(copy('a', 'tree', 'skill_1'))).toMatchObject({ providerSkillId: 'skill_1' })
    expect(await copies.save(copy('a', 'tree', 'skill_2'))).toMatchObject({ providerSkillId: 'skill_1' })
    expect(await copies.save(copy('b', 'tree', 'skill_3'))).toMatchObject({ providerSkillId: 'skill_3' })
    expect(await copies.find('a', 'tree')).toMatchObject({ providerSkillId: 'skill_1', providerVersion: '1' })
    expect(await copies.isCopy('a', 'skill_1')).toBe(true)
    expect(await copies.isCopy('b', 'skill_1')).toBe(false)
  })

  it('are taken out once when nobody has used them for long', async () => {
    await copies.save(copy('a', 'old', 'skill_old'))
    await copies.save(copy('a', 'used', 'skill_used'))
    now = start + 31 * dayMs
    await copies.markUsed('a', 'used')
    const taken = await copies.takeUnused(start + dayMs)
    expect(taken.map(({ treeDigest }) => treeDigest)).toEqual(expect.arrayContaining(['old', 'tree']))
    expect(taken).toContainEqual(copy('a', 'old', 'skill_old'))
    expect(await copies.takeUnused(start + dayMs)).toEqual([])
    expect(await copies.find('a', 'used')).toMatchObject({ providerSkillId: 'skill_used' })
    await copies.remove('a', 'skill_used')
    expect(await copies.find('a', 'used')).toBeNull()
  })
})
