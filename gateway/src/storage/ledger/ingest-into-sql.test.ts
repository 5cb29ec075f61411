import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { formatSpendLine } from './for-test.ts'
import type { JournalAlarm } from './journal-alarm.ts'
import { SpendIngester } from './spend-ingester.ts'
import { createSqlSpendLedger } from './sql-spend-ledger.ts'

describe.each(await listTestDatabases())('segments into $name', (kind) => {
  let opened: OpenTestDatabase
  beforeAll(async () => {
    opened = await kind.openMigrated()
  })
  beforeEach(() => opened.database.pool.query('TRUNCATE spend_logs'))
  afterAll(() => opened?.dispose())

  it('store each good line once under its own number, whatever stands beside it', async () => {
    const lines = Array.from({ length: 2_500 }, (_, n) =>
      formatSpendLine(sampleSpendRow({ requestId: `row-${n}` })),
    )
    lines[0] = ''
    lines[1_200] = lines[1_200]?.replace('user-1', '\\u0000') ?? ''
    lines[1_201] = lines[1_201]?.replace('"123456"', `"${2n ** 63n}"`) ?? ''
    lines[1_999] = 'damaged'
    const bad = [0, 1_201, 1_999]
    const goodEntries = lines.flatMap((_, n) => (bad.includes(n) ? [] : [`00000000000000aa-00000000:${n}`]))

    for (const repetition of [1, 2]) {
      const { alarms, left } = await ingest(`${lines.join('\n')}\n`)
      expect(alarms, `repetition ${repetition}`).toMatchObject([{ kind: 'rows-refused', rows: 3 }])
      expect(left).toEqual(['spend-00000000000000aa-00000000.jsonl.refused'])
      const { rows } = await opened.database.pool.query(
        'SELECT entry_id, request_id, user_id FROM spend_logs',
      )
      const found = new Map(rows.map((row) => [row.entry_id, row]))
      expect([...found.keys()].sort()).toEqual(goodEntries.toSorted())
      for (const [entryId, { request_id }] of found)
        expect(request_id.replace('row-', '')).toBe(entryId.split(':')[1])
      expect(found.get('00000000000000aa-00000000:1200')?.user_id).toBe('\uFFFD')
    }
  })

  async function ingest(text: string): Promise<{ alarms: JournalAlarm[]; left: string[] }> {
    const directory = mkdtempSync(join(tmpdir(), 'routeiq-into-sql-'))
    writeFileSync(join(directory, 'spend-00000000000000aa-00000000.jsonl'), text)
    const alarms: JournalAlarm[] = []
    const ingester = new SpendIngester({
      directory,
      insert: createSqlSpendLedger(opened.database).insert,
      raiseAlarm: (alarm) => alarms.push(alarm),
      now: () => performance.now(),
    })
    expect(await ingester.flush(20_000)).toBe(true)
    const left = readdirSync(directory)
    rmSync(directory, { recursive: true })
    return { alarms, left }
  }
})
