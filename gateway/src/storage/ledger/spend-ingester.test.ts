import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '@routeiq/contract'
import { DatabaseError } from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { formatSpendLine, readRequestId } from './for-test.ts'
import type { JournalAlarm } from './journal-alarm.ts'
import { SpendIngester } from './spend-ingester.ts'
import { isSpendLine } from './spend-line.ts'
import type { SpendLines } from './spend-row.ts'

const line = (requestId: string): string => `${formatSpendLine(sampleSpendRow({ requestId }))}\n`

describe('SpendIngester', () => {
  let directory: string
  let alarms: JournalAlarm[]
  let stored: Map<string, string>
  /** The duration of an insert in milliseconds of the injected clock. */
  let insertTakes: number
  let clock: number
  let insertFails: ((requestIds: readonly string[]) => Error | null) | null

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-ingest-'))
    alarms = []
    stored = new Map()
    insertTakes = 0
    clock = 0
    insertFails = null
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const segment = (sequence: number, text: string, kind = 'jsonl'): void =>
    writeFileSync(
      join(directory, `spend-00000000000000aa-${String(sequence).padStart(8, '0')}.${kind}`),
      text,
    )

  /** As the database: all lines or none. */
  const insert = async ({ segment, firstLine, text }: SpendLines): Promise<void> => {
    clock += insertTakes
    const lines = text.toString().split('\n')
    if (!lines.every(isSpendLine)) throw refusal('22P02')
    const requestIds = lines.map(readRequestId)
    const failure = insertFails?.(requestIds) ?? null
    if (failure !== null) throw failure
    for (const [index, id] of requestIds.entries()) stored.set(`${segment}:${firstLine + index}`, id)
  }

  const open = (): SpendIngester =>
    new SpendIngester({
      directory,
      insert,
      raiseAlarm: (alarm) => alarms.push(alarm),
      now: () => clock,
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
    insertFails = (requestIds) => (requestIds.includes('row-17') ? refusal('22003') : null)
    expect(await open().flush(5_000)).toBe(true)
    expect(stored.size).toBe(40)
    expect(stored.get('00000000000000aa-00000000:39')).toBe('row-39')
    expect(stored.get('00000000000000aa-00000000:41')).toBe('last')
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

  describe('in the background', () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
    afterEach(() => vi.useRealTimers())
    const batches = (count: number): string =>
      Array.from({ length: count * 1_000 }, (_, n) => line(`row-${n}`)).join('')

    it('rests nine times as long as an insert took while little waits', async () => {
      segment(0, batches(2))
      insertTakes = 100
      const ingester = open()
      ingester.start()
      await waitFor(() => vi.getTimerCount() === 1)
      expect(stored.size).toBe(1_000)
      vi.advanceTimersByTime(899)
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(1)
      await waitFor(() => stored.size === 2_000)
      await ingester.stop()
    })

    it('does not rest when 64 MiB wait', async () => {
      segment(0, batches(3))
      segment(1, `${'x'.repeat(64 * 1024 ** 2)}\n`)
      insertTakes = 100
      const ingester = open()
      ingester.start()
      await waitFor(() => stored.size === 3_000)
      await ingester.stop()
    })

    it('looks again at how much waits when that is five seconds old', async () => {
      segment(0, batches(1))
      segment(1, batches(1))
      segment(2, line('last'))
      insertTakes = 5_000
      const ingester = open()
      ingester.start()
      await waitFor(() => vi.getTimerCount() === 1)
      expect(stored.size).toBe(1_000)
      segment(3, `${'x'.repeat(64 * 1024 ** 2)}\n`)
      vi.advanceTimersByTime(30_000)
      await waitFor(() => stored.has('00000000000000aa-00000002:0'))
      await ingester.stop()
    })
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

/** Unlike Vitest's own, does not move fake timers on. */
async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) expect.unreachable('waited too long')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function refusal(code: string): Error {
  const error = new DatabaseError('refused', 0, 'error')
  error.code = code
  return error
}
