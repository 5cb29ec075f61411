import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { readRequestId } from './for-test.ts'
import type { JournalAlarm } from './journal-alarm.ts'
import { listReadySegments } from './segments.ts'
import { SpendJournal, type SpendJournalOptions } from './spend-journal.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('SpendJournal', () => {
  let directory: string
  let alarms: JournalAlarm[]
  let journals: SpendJournal[]
  let clock = 0

  const open = (options: Partial<SpendJournalOptions> = {}): SpendJournal => {
    const journal = new SpendJournal({
      directory,
      raiseAlarm: (alarm) => alarms.push(alarm),
      // Every turn is in a millisecond of its own.
      now: () => clock++,
      ...options,
    })
    journals.push(journal)
    return journal
  }
  const files = (suffix: string): string[] =>
    readdirSync(directory)
      .filter((name) => name.endsWith(suffix))
      .sort()
  const requestIds = (suffix: string): string[] =>
    files(suffix)
      .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1))
      .map(readRequestId)

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-journal-'))
    alarms = []
    journals = []
  })
  afterEach(() => {
    for (const journal of journals) journal.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('has all rows of a turn on disk when the turn ends, in one write', async () => {
    let writes = 0
    const journal = open({
      write(descriptor, bytes) {
        writes += 1
        return writeSync(descriptor, bytes)
      },
    })
    for (const requestId of ['a', 'b', 'c']) journal.append(sampleSpendRow({ requestId }))
    expect(writes).toBe(0)
    await turn()
    expect(writes).toBe(1)
    expect(requestIds('.open')).toEqual(['a', 'b', 'c'])
  })

  it('writes once a millisecond at most, and what came in between a millisecond later', async () => {
    let writes = 0
    let time = 1_000
    const journal = open({
      now: () => time,
      write(descriptor, bytes) {
        writes += 1
        return writeSync(descriptor, bytes)
      },
    })
    const spendInTurns = async (...ids: readonly string[]): Promise<void> => {
      for (const requestId of ids) {
        journal.append(sampleSpendRow({ requestId }))
        await turn()
      }
    }
    await spendInTurns('a')
    expect(writes).toBe(1)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await spendInTurns('b', 'c', 'd')
      expect(writes).toBe(1)
      vi.advanceTimersByTime(1)
      expect(writes).toBe(2)
      expect(requestIds('.open')).toEqual(['a', 'b', 'c', 'd'])
      await spendInTurns('e')
      journal.seal()
      expect(requestIds('.jsonl')).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(vi.getTimerCount()).toBe(0)
      time = 999
      await spendInTurns('f')
      expect(requestIds('.open')).toEqual(['f'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('writes nothing and leaves no file when nothing was spent', async () => {
    open().close()
    expect(readdirSync(directory)).toEqual([])
  })

  it('hands segments over one after the other, with every row in exactly one', async () => {
    const journal = open()
    journal.append(sampleSpendRow({ requestId: 'a' }))
    journal.seal()
    journal.append(sampleSpendRow({ requestId: 'b' }))
    journal.close()
    expect(files('.jsonl')).toHaveLength(2)
    expect(requestIds('.jsonl')).toEqual(['a', 'b'])
    expect(files('.open')).toEqual([])
    expect(files('.owner')).toEqual([])
  })

  it('seals by itself at four megabytes', async () => {
    const journal = open()
    const row = sampleSpendRow({ endUser: 'x'.repeat(100_000) })
    for (let n = 0; n < 45; n++) {
      journal.append(row)
      await turn()
    }
    expect(files('.jsonl')).toHaveLength(1)
    expect(files('.open')).toHaveLength(1)
    expect(requestIds('')).toHaveLength(45)
  })

  it('keeps an open segment from being taken while its process lives', async () => {
    const journal = open()
    journal.append(sampleSpendRow())
    await turn()
    expect(await listReadySegments(directory)).toEqual([])
    journal.seal()
    expect(await listReadySegments(directory)).toHaveLength(1)
  })

  it('is readable only by its owner', async () => {
    const journal = open()
    journal.append(sampleSpendRow())
    await turn()
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0)
  })

  it('raises an alarm when the disk refuses, keeps the rows and writes them once it accepts again', async () => {
    let full = true
    const journal = open({
      write(descriptor, bytes) {
        if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        return writeSync(descriptor, bytes)
      },
    })
    for (const requestId of ['a', 'b']) {
      journal.append(sampleSpendRow({ requestId }))
      await turn()
    }
    expect(alarms).toMatchObject([
      { kind: 'write-failed', message: expect.stringContaining('no space left on device') },
    ])
    full = false
    journal.append(sampleSpendRow({ requestId: 'c' }))
    await turn()
    expect(requestIds('.open')).toEqual(['a', 'b', 'c'])
    expect(journal.lostRows).toBe(0)
  })

  it('completes a line that a full disk cut in the middle', async () => {
    let room = 25
    const journal = open({
      write(descriptor, bytes) {
        if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        const written = writeSync(descriptor, bytes.subarray(0, room))
        room -= written
        return written
      },
    })
    journal.append(sampleSpendRow({ requestId: 'a' }))
    await turn()
    expect(alarms).toMatchObject([{ kind: 'write-failed' }])
    journal.append(sampleSpendRow({ requestId: 'b' }))
    room = 1_000_000
    journal.seal()
    expect(requestIds('.jsonl')).toEqual(['a', 'b'])
    expect(journal.lostRows).toBe(0)
  })

  it('refuses rows beyond its bound, counts them and says so', async () => {
    const journal = open({ maxBytes: 1_000 })
    for (const requestId of ['a', 'b', 'c', 'd']) {
      journal.append(sampleSpendRow({ requestId }))
      await turn()
    }
    journal.close()
    const kept = requestIds('.jsonl').length
    expect(kept).toBeGreaterThan(0)
    expect(journal.lostRows).toBe(4 - kept)
    expect(alarms.reduce((sum, { kind, rows }) => sum + (kind === 'rows-lost' ? rows : 0), 0)).toBe(4 - kept)
  })
})
