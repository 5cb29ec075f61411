import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../database/database.ts'
import { migrateDatabase } from '../database/migrate.ts'
import { createSqlKeyStore } from '../keys/sql-key-store.ts'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { openTcpRelay } from '../testing/tcp-relay.ts'
import { createPostgresDatabase } from '../testing/test-databases.ts'
import { findTestServices } from '../testing/test-services.ts'
import type { JournalAlarm } from './journal-alarm.ts'
import { SpendIngester } from './spend-ingester.ts'
import { SpendJournal } from './spend-journal.ts'
import { createSqlSpendLedger } from './sql-spend-ledger.ts'

const { databaseUrl } = await findTestServices()

describe.skipIf(databaseUrl === null)('when PostgreSQL goes away', () => {
  it('keys say so in the catalogue’s terms, spend waits on disk, and both go on once it is back', async () => {
    const { url, drop } = await createPostgresDatabase(databaseUrl ?? '')
    const relay = await openTcpRelay(url)
    const database = await openDatabase({ url: relay.url, poolLimit: 2 })
    await migrateDatabase(database)
    const keys = createSqlKeyStore(database, Date.now)
    const ledger = createSqlSpendLedger(database)
    const directory = mkdtempSync(join(tmpdir(), 'routeiq-outage-'))
    const alarms: JournalAlarm[] = []
    const shared = {
      directory,
      raiseAlarm: (alarm: JournalAlarm) => alarms.push(alarm),
      now: () => performance.now(),
    }
    const journal = new SpendJournal(shared)
    const ingester = new SpendIngester({ ...shared, insert: ledger.insert })
    const spend = (requestId: string): void => {
      journal.append(sampleSpendRow({ requestId }))
      journal.seal()
    }

    spend('before')
    expect(await ingester.flush(5_000)).toBe(true)

    relay.cut()
    await expect(keys.findByHash('hash')).rejects.toMatchObject({ code: 'storage_unavailable' })
    await expect(database.ping()).rejects.toThrow()
    spend('during')
    expect(await ingester.flush(5_000)).toBe(false)
    expect(readdirSync(directory).filter((name) => name.endsWith('.jsonl'))).toHaveLength(1)
    expect(alarms).toMatchObject([{ kind: 'ingest-failing' }])

    relay.restore()
    expect(await keys.findByHash('hash')).toBeNull()
    ingester.start()
    await expect.poll(async () => (await ledger.listSpend({ limit: 10 })).length, { timeout: 10_000 }).toBe(2)

    await ingester.stop()
    journal.close()
    await database.close()
    await relay.close()
    await drop()
    rmSync(directory, { recursive: true })
  })
})
