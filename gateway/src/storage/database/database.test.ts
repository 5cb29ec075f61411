import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddedDataDir, listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { openDatabase } from './database.ts'

const built = fileURLToPath(new URL('../../../dist/storage/database/database.js', import.meta.url))

describe.each(await listTestDatabases())('openDatabase over $name', (kind) => {
  let opened: OpenTestDatabase

  const openTable = async (): Promise<OpenTestDatabase['database']['pool']> => {
    await opened.empty()
    await opened.database.pool.query('CREATE TABLE notes (id int PRIMARY KEY, body text)')
    return opened.database.pool
  }
  beforeAll(async () => {
    opened = await kind.open()
  })
  afterAll(() => opened?.dispose())

  it('keeps answering correctly after errors of every stage', async () => {
    const pool = await openTable()
    await expect(pool.query('SELEC')).rejects.toMatchObject({ code: '42601' })
    await expect(pool.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' })
    await expect(pool.query('SELECT * FROM missing WHERE id = $1', [1])).rejects.toMatchObject({
      code: '42P01',
    })
    await pool.query('INSERT INTO notes VALUES (1)')
    await expect(pool.query('INSERT INTO notes VALUES ($1)', [1])).rejects.toMatchObject({ code: '23505' })
    expect((await pool.query('SELECT id, $1::text AS given FROM notes', ['ü👍'])).rows).toEqual([
      { id: 1, given: 'ü👍' },
    ])
  })

  it('answers many queries asked at once, each with its own answer', async () => {
    const pool = await openTable()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => pool.query('SELECT $1::int AS n', [n])),
    )
    expect(answers.map(({ rows }) => rows[0].n)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  it('rolls back a transaction whose connection is thrown away', async () => {
    const pool = await openTable()
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO notes VALUES (1)')
    client.release(true)
    expect((await pool.query('SELECT count(*)::int AS n FROM notes')).rows).toEqual([{ n: 0 }])
  })

  it('starts each connection with a clean session', async () => {
    const pool = await openTable()
    const client = await pool.connect()
    await client.query("SET search_path TO pg_catalog; SET statement_timeout TO '7s'")
    await client.query({ name: 'same-name', text: 'SELECT 1' })
    client.release(true)
    expect((await pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
    expect(
      (await pool.query({ name: 'same-name', text: 'SELECT count(*)::int AS n FROM notes' })).rows,
    ).toEqual([{ n: 0 }])
  })

  it('carries megabytes both ways', async () => {
    const pool = await openTable()
    const body = 'x'.repeat(3_000_000)
    await pool.query('INSERT INTO notes VALUES (1, $1)', [body])
    expect((await pool.query('SELECT body FROM notes')).rows[0].body).toBe(body)
  })
})

describe('embedded database', () => {
  it('refuses a data directory another gateway holds, and opens it once that one is gone', async () => {
    const dataDir = await createEmbeddedDataDir()
    const first = await openDatabase({ dataDir })
    await expect(openDatabase({ dataDir })).rejects.toThrow(
      `The data directory ${dataDir} is in use by another gateway (process ${process.pid})`,
    )
    await first.ping()
    await first.close()
    const second = await openDatabase({ dataDir })
    await second.close()
    rmSync(dataDir, { recursive: true })
  })

  it('fails every call after it was closed instead of hanging', async () => {
    const dataDir = await createEmbeddedDataDir()
    const database = await openDatabase({ dataDir })
    await database.close()
    await expect(database.ping()).rejects.toThrow()
    rmSync(dataDir, { recursive: true })
  })

  it('keeps what was committed when its process is killed', async () => {
    const dataDir = await createEmbeddedDataDir()
    const child = spawn(process.execPath, ['--input-type=module', '-e', writeUntilKilled, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const database = await openDatabase({ dataDir })
    const { rows } = await database.pool.query('SELECT count(*)::int AS n FROM notes')
    expect(rows[0].n).toBeGreaterThanOrEqual(20)
    await database.close()
    rmSync(dataDir, { recursive: true })
  })
})

const writeUntilKilled = `
const { openDatabase } = await import(${JSON.stringify(built)})
const { pool } = await openDatabase({ dataDir: process.argv[1] })
await pool.query('CREATE TABLE notes (n int)')
for (let n = 1; ; n++) {
  await pool.query('INSERT INTO notes VALUES ($1)', [n])
  if (n === 20) process.stdout.write('ready')
}`

describe('openDatabase with a URL that does not work', () => {
  it.each([
    ['postgres://ann:hunter2@127.0.0.1:1/secretdb', 'nothing listens at its address'],
    ['postgres://ann:hunter2@no-such-host.invalid/secretdb', 'its host name does not resolve'],
    ['postgres://ann:hunter2@[broken/secretdb', 'the URL is malformed'],
  ])('explains %s without repeating any of it', async (url, reason) => {
    const error = await openDatabase({ url, poolLimit: 1 }).catch((thrown: Error) => thrown)
    expect(String(error)).toBe(`Error: PostgreSQL (DATABASE_URL) is not usable: ${reason}`)
    expect(error).not.toHaveProperty('cause')
  })
})
