import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '@routeiq/contract'
import { DatabaseError } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import type { JournalAlarm } from './journal-alarm.ts'
import { SpendIngester } from './spend-ingester.ts'
import { formatSpendLine } from './spend-line.ts'
import type { SpendEntry } from './spend-row.ts'

const line = (requestId: string): string => `${formatSpendLine(sampleSpendRow({ requestId }))}\n`

describe('SpendIngester', () => {
  let directory: string
  let alarms: JournalAlarm[]
  let stored: Map<string, string>
  let insertFails: ((entries: readonly SpendEntry[]) => Error | null) | null

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-ingest-'))
    alarms = []
    stored = new Map()
    insertFails = null
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const segment = (sequence: number, text: string, kind = 'jsonl'): void =>
    writeFileSync(
      join(directory, `spend-00000000000000aa-${String(sequence).padStart(8, '0')}.${kind}`),
      text,
    )

  const open = (): SpendIngester =>
    new SpendIngester({
      directory,
      async insert(entries) {
        const failure = insertFails?.(entries) ?? null
        if (failure !== null) throw failure
        for (const { entryId, row } of entries) stored.set(entryId, row.requestId)
      },
      raiseAlarm: (alarm) => alarms.push(alarm),
      now: () => performance.now(),
    })

  it('takes sealed segments in order and removes them', async () => {
    segment(1, line('c'))
    segment(0, line('a') + line('b'))
    expect(await open().flush(5_000)).toBe(true)
    expect([...stored.values()].sort()).toEqual(['a', 'b', 'c'])
    expect(readdirSync(directory)).toEqual([])
    expect(alarms).toEqual([])
  })

  it('takes what a dead process left open, without its torn last line', async () => {
    segment(0, line('a') + line('b').slice(0, 40), 'open')
    expect(await open().flush(5_000)).toBe(true)
    expect([...stored.values()]).toEqual(['a'])
    expect(readdirSync(directory)).toEqual([])
    expect(alarms).toEqual([])
  })

  it('keeps a last line that only lost its line feed', async () => {
    segment(0, line('a') + line('b').trimEnd(), 'open')
    await open().flush(5_000)
    expect([...stored.values()]).toEqual(['a', 'b'])
  })

  it('keeps segments while the database is away, and takes them when it is back', async () => {
    segment(0, line('a'))
    insertFails = () => new GatewayError('storage_unavailable', 'away')
    const ingester = open()
    expect(await ingester.flush(5_000)).toBe(false)
    expect(readdirSync(directory)).toHaveLength(1)
    expect(alarms).toMatchObject([{ kind: 'ingest-failing' }])
    insertFails = null
    expect(await ingester.flush(5_000)).toBe(true)
    expect([...stored.values()]).toEqual(['a'])
  })

  it('sets damaged lines and rows the database refuses aside, and stores all others', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `row-${n}`)
    segment(0, `${ids.map(line).join('')}damaged\n${line('last')}`)
    insertFails = (entries) => (entries.some(({ row }) => row.requestId === 'row-17') ? refusal() : null)
    expect(await open().flush(5_000)).toBe(true)
    expect(stored.size).toBe(40)
    expect(alarms).toMatchObject([{ kind: 'rows-refused', rows: 2 }])
    expect(readdirSync(directory)).toEqual(['spend-00000000000000aa-00000000.jsonl.refused'])
  })

  it('gives a row the same identity when a segment is repeated', async () => {
    segment(0, Array.from({ length: 1_500 }, (_, n) => line(`row-${n}`)).join(''))
    let calls = 0
    insertFails = () => (++calls === 2 ? new GatewayError('storage_unavailable', 'away') : null)
    const ingester = open()
    expect(await ingester.flush(5_000)).toBe(false)
    expect(stored.size).toBe(1_000)
    expect(await ingester.flush(5_000)).toBe(true)
    expect(stored.size).toBe(1_500)
  })

  it('works in the background, steps aside for a flush and stops at once', async () => {
    segment(0, line('a'))
    const ingester = open()
    ingester.start()
    await expect.poll(() => stored.size).toBe(1)
    segment(1, line('b'))
    expect(await ingester.flush(5_000)).toBe(true)
    expect(stored.size).toBe(2)
    await ingester.stop()
    segment(2, line('c'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(stored.size).toBe(2)
  })

  it('leaves other files alone and survives a missing directory', async () => {
    rmSync(directory, { recursive: true })
    const ingester = open()
    writeFileSync(join(directory, 'notes.txt'), 'x')
    mkdirSync(join(directory, 'spend-folder.jsonl'))
    expect(await ingester.flush(5_000)).toBe(true)
    expect(readdirSync(directory)).toHaveLength(2)
  })
})

function refusal(): Error {
  const error = new DatabaseError('value out of range', 0, 'error')
  error.code = '22003'
  return error
}
