import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { retiredKeys } from '../database/schema.ts'
import type { KeyStore, NewKey } from '../key-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlKeyStore } from './sql-key-store.ts'

const startOfTest = 1_795_000_000_000

const newKey = (changes: Partial<NewKey> = {}): NewKey => ({
  tokenHash: 'hash-1',
  keyName: 'sk-...abcd',
  keyAlias: null,
  userId: null,
  teamId: null,
  organizationId: null,
  models: [],
  aliases: {},
  allowedRoutes: [],
  tags: [],
  metadata: {},
  blocked: false,
  expiresAt: null,
  createdBy: null,
  settings: {},
  ...changes,
})

describe.each(await listTestDatabases())('key store over $name', (kind) => {
  let opened: OpenTestDatabase
  let keys: KeyStore
  let clock = startOfTest

  beforeAll(async () => {
    opened = await kind.openMigrated()
    keys = createSqlKeyStore(opened.database, () => clock)
  })
  beforeEach(async () => {
    clock = startOfTest
    await opened.database.pool.query('TRUNCATE virtual_keys CASCADE')
  })
  afterAll(() => opened?.dispose())

  it('returns what was stored, with every field as it was given', async () => {
    const key = newKey({
      keyAlias: "o'hara; DROP TABLE virtual_keys --",
      userId: 'user-1',
      teamId: 'team-1',
      organizationId: 'org-1',
      models: ['gpt-4o', 'a,b', '{"x"}', 'anthropic/*'],
      aliases: { fast: 'gpt-4o-mini' },
      allowedRoutes: ['llm_api_routes', '/v1/models'],
      tags: ['ünï', ''],
      metadata: { nested: { list: [1, null, 'x'] } },
      expiresAt: startOfTest + 86_400_123,
      createdBy: 'admin',
      settings: { max_budget: 1.25, model_max_budget: { a: { budget_limit: 3 } } },
    })
    const created = await keys.create(key)
    expect(created).toEqual({ ...key, createdAt: startOfTest, updatedAt: startOfTest })
    expect(await keys.findByHash('hash-1')).toEqual(created)
    expect(await keys.findByAlias("o'hara; DROP TABLE virtual_keys --")).toEqual(created)
  })

  it('finds nothing for an unknown digest or alias', async () => {
    expect(await keys.findByHash('nope')).toBeNull()
    expect(await keys.findByAlias('nope')).toBeNull()
  })

  it('refuses a digest or alias that is taken, and keeps the first key', async () => {
    await keys.create(newKey({ keyAlias: 'one' }))
    await expect(keys.create(newKey())).rejects.toMatchObject({ code: 'conflict' })
    await expect(keys.create(newKey({ tokenHash: 'hash-2', keyAlias: 'one' }))).rejects.toMatchObject({
      code: 'conflict',
    })
    await keys.create(newKey({ tokenHash: 'hash-2' }))
    await expect(keys.update('hash-2', { keyAlias: 'one' })).rejects.toMatchObject({ code: 'conflict' })
    expect((await keys.list({ page: 1, size: 10 })).total).toBe(2)
  })

  it('never shows the statement or its values in an error', async () => {
    await keys.create(newKey({ metadata: { secret: 'canary' } }))
    const error = await keys
      .create(newKey({ metadata: { secret: 'canary' } }))
      .catch((thrown: Error) => thrown)
    expect(String(error)).not.toMatch(/canary|insert into/i)
  })

  it("calls a value the database has no form for the caller's mistake", async () => {
    await expect(keys.create(newKey({ userId: 'nul\0' }))).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(keys.create(newKey({ metadata: { x: '\0' } }))).rejects.toMatchObject({
      code: 'invalid_request',
    })
    expect((await keys.list({ page: 1, size: 1 })).total).toBe(0)
  })

  it('makes no more keys of one organisation than its limit allows, however many try at once', async () => {
    const limit = { plan: 'free', dimension: 'keys', limit: 3 } as const
    for (const organizationId of [null, 'acme']) {
      await keys.create(newKey({ tokenHash: `first of ${organizationId}`, organizationId }))
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) =>
          keys.create(newKey({ tokenHash: `${index} of ${organizationId}`, organizationId }), limit),
        ),
      )
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(refused).toHaveLength(4)
      expect(refused[0]).toMatchObject({ code: 'quota_exceeded', options: { extras: { used: 3, limit: 3 } } })
    }
  })

  it('changes only the fields given, merges settings and stamps the time', async () => {
    const created = await keys.create(newKey({ teamId: 'team-1', settings: { max_budget: 1, tpm_limit: 5 } }))
    clock += 1_000
    const updated = await keys.update('hash-1', { blocked: true, settings: { tpm_limit: 9, rpm_limit: 2 } })
    expect(updated).toEqual({
      ...created,
      blocked: true,
      settings: { max_budget: 1, tpm_limit: 9, rpm_limit: 2 },
      updatedAt: startOfTest + 1_000,
    })
  })

  it('sets a field to null when told so, and leaves it when not', async () => {
    await keys.create(newKey({ expiresAt: startOfTest, teamId: 'team-1' }))
    expect(await keys.update('hash-1', { keyName: 'sk-...wxyz' })).toMatchObject({
      expiresAt: startOfTest,
      teamId: 'team-1',
    })
    expect(await keys.update('hash-1', { expiresAt: null, teamId: null })).toMatchObject({
      expiresAt: null,
      teamId: null,
    })
  })

  it('keeps what a key was called before until its grace period ends', async () => {
    await keys.create(newKey())
    const succeed = (from: string, tokenHash: string) =>
      keys.regenerate(from, {
        ...{ tokenHash, keyName: 'sk-...next', validUntil: clock + 1_000, handover: null },
        settings: { former_hashes: ['hash-1'] },
      })
    await succeed('hash-1', 'hash-2')
    await succeed('hash-2', 'hash-3')
    expect((await keys.findPrincipal('hash-1'))?.key.tokenHash).toBe('hash-3')
    clock += 1_000
    await succeed('hash-3', 'hash-4')
    expect(await opened.database.sql.select().from(retiredKeys)).toMatchObject([{ tokenHash: 'hash-3' }])
    expect(await keys.findPrincipal('hash-2')).toBeNull()
  })

  it('answers null when the key to change does not exist', async () => {
    expect(await keys.update('nope', { blocked: true })).toBeNull()
  })

  it('deletes by digest or alias and returns what existed', async () => {
    await keys.create(newKey({ tokenHash: 'hash-1', keyAlias: 'one' }))
    await keys.create(newKey({ tokenHash: 'hash-2', keyAlias: 'two' }))
    await keys.create(newKey({ tokenHash: 'hash-3' }))
    expect((await keys.delete({ keyAliases: ['two', 'nope'] })).map((key) => key.tokenHash)).toEqual([
      'hash-2',
    ])
    expect((await keys.delete({ tokenHashes: ['hash-1', 'hash-2'] })).map((key) => key.tokenHash)).toEqual([
      'hash-1',
    ])
    expect(await keys.delete({ tokenHashes: [] })).toEqual([])
    expect((await keys.list({ page: 1, size: 10 })).records.map((key) => key.tokenHash)).toEqual(['hash-3'])
  })

  it('pages without repeating or missing a key, even when all were created at once', async () => {
    for (let index = 0; index < 7; index++) await keys.create(newKey({ tokenHash: `hash-${index}` }))
    const pages = await Promise.all([1, 2, 3, 4].map((page) => keys.list({ page, size: 3 })))
    const seen = pages.flatMap((page) => page.records.map((key) => key.tokenHash))
    expect(new Set(seen).size).toBe(7)
    expect(pages.map((page) => page.records.length)).toEqual([3, 3, 1, 0])
    expect(pages.every((page) => page.total === 7)).toBe(true)
  })

  it('filters and sorts', async () => {
    await keys.create(newKey({ tokenHash: 'hash-1', userId: 'ann', teamId: 'red', keyAlias: 'c' }))
    clock += 10
    await keys.create(newKey({ tokenHash: 'hash-2', userId: 'bob', teamId: 'red', keyAlias: 'a' }))
    clock += 10
    await keys.create(newKey({ tokenHash: 'hash-3', userId: 'ann', organizationId: 'org', keyAlias: 'b' }))
    const listed = async (query: object) =>
      (await keys.list({ page: 1, size: 10, ...query })).records.map((key) => key.tokenHash)
    expect(await listed({})).toEqual(['hash-3', 'hash-2', 'hash-1'])
    expect(await listed({ userId: 'ann', sortOrder: 'asc' })).toEqual(['hash-1', 'hash-3'])
    expect(await listed({ teamId: 'red', userId: 'bob' })).toEqual(['hash-2'])
    expect(await listed({ organizationId: 'org' })).toEqual(['hash-3'])
    expect(await listed({ keyAlias: 'c' })).toEqual(['hash-1'])
    expect(await listed({ tokenHash: 'hash-2' })).toEqual(['hash-2'])
    expect(await listed({ sortBy: 'keyAlias', sortOrder: 'asc' })).toEqual(['hash-2', 'hash-3', 'hash-1'])
  })
})
