import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeRequestRecord } from './request-record.fixture.ts'
import type { RequestRecord } from './request-record.ts'
import { TelemetryQueue } from './telemetry-queue.ts'

const makeRecords = (count: number): RequestRecord[] =>
  Array.from({ length: count }, (_, index) => makeRequestRecord({ requestId: `r${index}` }))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function makeQueue(capacity?: number) {
  const batches: string[][] = []
  const errors: unknown[] = []
  const queue = new TelemetryQueue({
    sinks: [
      () => {
        throw new Error('broken sink')
      },
      (records) => batches.push(records.map((record) => record.requestId)),
    ],
    onSinkError: (error) => errors.push(error),
    ...(capacity === undefined ? {} : { capacity }),
  })
  return { queue, batches, errors }
}

describe('TelemetryQueue', () => {
  it('delivers nothing at once, and everything within 50 ms', () => {
    const { queue, batches } = makeQueue()
    for (const record of makeRecords(3)) queue.push(record)
    expect(batches).toEqual([])
    vi.advanceTimersByTime(50)
    expect(batches).toEqual([['r0', 'r1', 'r2']])
  })

  it('delivers eight or more with the next turn, one batch for each turn', () => {
    const { queue, batches } = makeQueue()
    const records = makeRecords(70)
    for (const record of records) queue.push(record)
    vi.advanceTimersByTime(49)
    expect(batches.map((batch) => batch.length)).toEqual([32, 32])
    vi.advanceTimersByTime(50)
    expect(batches.flat()).toEqual(records.map((record) => record.requestId))
  })

  it('keeps the other sinks going when one throws', () => {
    const { queue, batches, errors } = makeQueue()
    queue.push(makeRequestRecord())
    queue.flush()
    expect(batches).toHaveLength(1)
    expect(errors).toEqual([new Error('broken sink')])
  })

  it('drops and counts what exceeds its capacity', () => {
    const { queue, batches } = makeQueue(2)
    for (const record of makeRecords(5)) queue.push(record)
    expect(queue.droppedRecords).toBe(3)
    queue.flush()
    expect(batches).toEqual([['r0', 'r1']])
    queue.push(makeRequestRecord())
    expect(queue.length).toBe(1)
  })

  it('keeps order over many batches and lets go of what it delivered', () => {
    const { queue, batches } = makeQueue()
    const records = makeRecords(6000)
    for (const record of records) queue.push(record)
    queue.flush()
    expect(batches.flat()).toEqual(records.map((record) => record.requestId))
    expect(queue.length).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
