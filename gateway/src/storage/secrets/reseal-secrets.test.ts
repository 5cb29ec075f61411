import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import { KeyRing } from '../../secrets/key-ring.ts'
import { sealedColumns } from '../../secrets/sealed-columns.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { inspectSecrets, resealSecrets } from './reseal-secrets.ts'

const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const salt = 'a salt'
const ringOf = (...roots: (string | Buffer)[]) => new KeyRing(roots, [salt], randomBytes)
const kept = { dropsUnreadable: false }

describe.each(await listTestDatabases())('sealed secrets over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  const run = async (text: string, values: unknown[] = []) =>
    (await opened.database.pool.query(text, values)).rows
  const addModel = (id: string, params: string) =>
    run(`INSERT INTO managed_models VALUES ($1, $1, $2, '{}', null, null, now(), now())`, [id, params])
  const model = (row: string) => ({ table: 'managed_models', row }) as const
  const paramsOf = async (id: string): Promise<string> =>
    (await run('SELECT params FROM managed_models WHERE model_id = $1', [id]))[0].params
  const rotated = async (ring: KeyRing, options = kept) =>
    (await resealSecrets(opened.database, ring, options)).filter(
      ({ resealed, unreadable, dropped }) => resealed + unreadable + dropped > 0,
    )

  beforeAll(async () => {
    opened = await openMigrated()
  })
  afterAll(() => opened?.dispose())

  it('are in columns that exist, each with a unique name of its row', async () => {
    for (const { table, row, column, kind } of sealedColumns) {
      const columns = await run(
        'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = $1',
        [table],
      )
      const typeOf = new Map(columns.map(({ name, type }) => [name, type]))
      expect(typeOf.get(column), table).toBe(kind === 'json' ? 'jsonb' : 'text')
      const indexes = await run(
        `SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names FROM pg_index i
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
         WHERE i.indrelid = $1::regclass AND i.indisunique GROUP BY i.indexrelid`,
        [table],
      )
      expect(
        indexes.map(({ names }) => [...names].sort().join()),
        table,
      ).toContain([...row].sort().join())
    }
  })

  it('are sealed with the first key, page after page, whatever they were sealed with', async () => {
    const before = ringOf(oldKey)
    const legacy = new BlobSealer(salt, randomBytes)
    for (let n = 0; n < 1_200; n++) await addModel(`m${n}`, before.seal(model(`m${n}`), `secret ${n}`))
    await addModel('ancient', legacy.seal({ form: 'model', family: '', account: '', payload: 'secret' }))
    const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'
    await run(`INSERT INTO webhooks VALUES ('w', $1, 'https://x', '{}', 'whsec_in_clear', true, now())`, [id])
    const agentSecret = before.seal({ table: 'a2a_agents', row: 'a' }, 'of the agent')
    await run(
      `INSERT INTO a2a_agents (agent_id, agent_name, is_public, registration, created_at, updated_at)
       VALUES ('a', 'a', true, $1, now(), now())`,
      [
        JSON.stringify({
          staticHeaders: { authorization: agentSecret, plain: 'kept' },
          params: [1, agentSecret],
        }),
      ],
    )

    const ring = ringOf(newKey, oldKey)
    expect(await inspectSecrets(opened.database, ring)).toEqual({ unreadable: new Map(), hasSecrets: true })
    expect(await rotated(ring)).toEqual([
      { table: 'managed_models', resealed: 1_201, unreadable: 0, dropped: 0 },
      { table: 'a2a_agents', resealed: 1, unreadable: 0, dropped: 0 },
      { table: 'webhooks', resealed: 1, unreadable: 0, dropped: 0 },
    ])
    expect(await rotated(ring)).toEqual([])

    const after = new KeyRing([newKey], [], randomBytes)
    expect(await inspectSecrets(opened.database, after)).toMatchObject({ unreadable: new Map() })
    expect(after.open(model('m1199'), await paramsOf('m1199'))).toBe('secret 1199')
    expect(after.open(model('ancient'), await paramsOf('ancient'))).toBe('secret')
    const [{ secret }] = await run('SELECT secret FROM webhooks')
    expect(after.open({ table: 'webhooks', row: JSON.stringify(['w', id]) }, secret)).toBe('whsec_in_clear')
    const [{ registration }] = await run('SELECT registration FROM a2a_agents')
    expect(after.open({ table: 'a2a_agents', row: 'a' }, registration.params[1])).toBe('of the agent')
    expect(registration).toMatchObject({ staticHeaders: { plain: 'kept' }, params: [1, expect.anything()] })
  })

  it('that no key opens are left as they are and told of, and dropped when that is asked for', async () => {
    await addModel('lost', ringOf('a lost key').seal(model('lost'), 'x'))
    await addModel('moved', ringOf(newKey).seal(model('m1'), 'x'))
    await addModel('broken', 'riq1.AAAA')
    const ring = ringOf(oldKey, newKey)
    expect((await inspectSecrets(opened.database, ring)).unreadable).toEqual(new Map([['managed_models', 2]]))
    const told = { table: 'managed_models', resealed: 1_201, unreadable: 3, dropped: 0 }
    expect((await rotated(ring))[0]).toEqual(told)
    expect(await paramsOf('broken')).toBe('riq1.AAAA')
    expect(await rotated(ring, { dropsUnreadable: true })).toEqual([
      { ...told, resealed: 0, unreadable: 0, dropped: 3 },
    ])
    expect(await run(`SELECT count(*)::int AS rows FROM managed_models`)).toEqual([{ rows: 1_201 }])
  })
})
