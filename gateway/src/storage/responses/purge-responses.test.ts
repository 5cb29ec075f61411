import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { purgeResponses } from './purge-responses.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('purges until nothing is left, then every hour, until it is stopped', async () => {
  const left = [1000, 1000, 3, 0]
  const limits: number[] = []
  const purge = async (limit: number): Promise<number> => {
    limits.push(limit)
    return left.shift() ?? 0
  }
  const stop = purgeResponses({ purge }, () => true)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(limits).toEqual([1000, 1000, 1000])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(limits).toHaveLength(4)
  stop()
  await vi.advanceTimersByTimeAsync(7_200_000)
  expect(limits).toHaveLength(4)
})
