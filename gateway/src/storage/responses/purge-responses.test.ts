import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { purgeResponses } from './purge-responses.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('purges at once until nothing is left, then every hour, until it is stopped', async () => {
  const left = [1000, 1000, 3, 0]
  const limits: number[] = []
  const stop = purgeResponses({
    purge: async (limit) => {
      limits.push(limit)
      return left.shift() ?? 0
    },
  })
  await vi.advanceTimersByTimeAsync(1)
  expect(limits).toEqual([1000, 1000, 1000])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(limits).toHaveLength(4)
  stop()
  await vi.advanceTimersByTimeAsync(7_200_000)
  expect(limits).toHaveLength(4)
})

it('tries again later when the database does not answer', async () => {
  let calls = 0
  const stop = purgeResponses({
    purge: async () => {
      calls += 1
      throw new Error('no answer')
    },
  })
  await vi.advanceTimersByTimeAsync(3_600_001)
  expect(calls).toBe(2)
  stop()
})
