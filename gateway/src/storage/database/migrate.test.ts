import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { migrateDatabase } from './migrate.ts'

const shipped = readdirSync(new URL('../../../migrations', import.meta.url)).sort()

describe.each(await listTestDatabases())('migrateDatabase over $name', (kind) => {
  let opened: OpenTestDatabase
  let directory: string

  beforeAll(async () => {
    opened = await kind.open()
  })
  beforeEach(async () => {
    await opened.empty()
    directory = mkdtempSync(join(tmpdir(), 'routeiq-migrations-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  afterAll(() => opened?.dispose())

  const count = async (table: string) =>
    (await opened.database.pool.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n

  it('applies what ships, once, however many start together', async () => {
    const reports = await Promise.all([1, 2, 3].map(() => migrateDatabase(opened.database)))
    expect(reports.flatMap((report) => report.applied)).toEqual(shipped)
    expect(await count('virtual_keys')).toBe(0)
    expect(await migrateDatabase(opened.database)).toEqual({ applied: [], warnings: [] })
  })

  it('applies later files on top, in the order of their names', async () => {
    writeFileSync(join(directory, '0002_second.sql'), 'INSERT INTO notes VALUES (2);')
    writeFileSync(
      join(directory, '0001_first.sql'),
      'CREATE TABLE notes (n int); INSERT INTO notes VALUES (1);',
    )
    writeFileSync(join(directory, 'README.md'), 'not a migration')
    expect((await migrateDatabase(opened.database, directory)).applied).toEqual([
      '0001_first.sql',
      '0002_second.sql',
    ])
    writeFileSync(join(directory, '0003_third.sql'), 'INSERT INTO notes VALUES (3);')
    expect((await migrateDatabase(opened.database, directory)).applied).toEqual(['0003_third.sql'])
    expect(await count('notes')).toBe(3)
  })

  it('names the file that fails, leaves nothing of it behind and can be repeated once it is repaired', async () => {
    writeFileSync(join(directory, '0001_first.sql'), 'CREATE TABLE notes (n int);')
    writeFileSync(
      join(directory, '0002_broken.sql'),
      'INSERT INTO notes VALUES (1); SELECT no_such_column FROM notes;',
    )
    await expect(migrateDatabase(opened.database, directory)).rejects.toThrow(
      /0002_broken\.sql.*no_such_column/,
    )
    expect(await count('notes')).toBe(0)
    writeFileSync(join(directory, '0002_broken.sql'), 'INSERT INTO notes VALUES (1);')
    expect((await migrateDatabase(opened.database, directory)).applied).toEqual(['0002_broken.sql'])
    expect(await count('notes')).toBe(1)
  })

  it('makes vector search available, or warns that it is not', async () => {
    const { warnings } = await migrateDatabase(opened.database)
    const { rows } = await opened.database.pool.query("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
    expect(rows.length === 1).toBe(warnings.length === 0)
    expect(warnings.every((warning) => warning.includes('pgvector'))).toBe(true)
  })
})
