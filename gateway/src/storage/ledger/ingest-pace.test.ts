import { describe, expect, it } from 'vitest'
import { restAfter } from './ingest-pace.ts'

const mebibyte = 1024 ** 2

describe('the pace of ingestion', () => {
  it('leaves nine tenths of the time alone while little waits', () => {
    expect(restAfter(10, 0)).toBeCloseTo(90)
    expect(restAfter(10, 8 * mebibyte)).toBeCloseTo(90)
  })

  it('rests the less the more waits, and not at all from 64 MiB on', () => {
    const rests = Array.from({ length: 57 }, (_, step) => restAfter(10, (8 + step) * mebibyte))
    for (const [step, rest] of rests.entries()) if (step > 0) expect(rest).toBeLessThan(rests[step - 1] ?? 0)
    expect(rests.at(-1)).toBe(0)
    expect(restAfter(10, 1024 * mebibyte)).toBe(0)
  })

  it('never rests for more than half a minute, nor for less than nothing when the clock is set back', () => {
    expect(restAfter(10_000, 0)).toBe(30_000)
    expect(restAfter(-10, 0)).toBe(0)
  })

  it.each([500, 2_000, 5_000, 9_000])(
    'holds the backlog steady at %i rows a second when the database takes 10 000',
    (rowsPerSecond) => {
      const backlogs = simulateMinutes(10, rowsPerSecond)
      expect(Math.max(...backlogs)).toBeLessThan(100 * mebibyte)
      const last = backlogs.slice(-60)
      expect(Math.max(...last) - Math.min(...last)).toBeLessThan(8 * mebibyte)
    },
  )
})

/** The backlog in bytes at every second, of rows of 450 bytes that come evenly and go in batches of 1 000. */
function simulateMinutes(minutes: number, rowsPerSecond: number): number[] {
  const backlogs: number[] = []
  let backlog = 0
  let clock = 0
  while (clock < minutes * 60_000) {
    const batch = Math.min(backlog, 450_000)
    const workMs = batch / 4_500
    const step = Math.max(10, workMs + restAfter(workMs, backlog))
    backlog += (step / 1_000) * rowsPerSecond * 450 - batch
    clock += step
    while (backlogs.length < clock / 1_000) backlogs.push(backlog)
  }
  return backlogs
}
