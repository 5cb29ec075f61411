import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runHourly } from './run-hourly.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('runs a minute after the start and every hour where this replica leads, failures or not, until it is stopped', async () => {
  let runs = 0
  let isOver = (): boolean => false
  let isLeader = true
  const leads = (): boolean => isLeader
  const stop = runHourly(leads, async (isStopped) => {
    runs += 1
    isOver = isStopped
    throw new Error('no answer')
  })
  await vi.advanceTimersByTimeAsync(59_999)
  expect(runs).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(runs).toBe(1)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(runs).toBe(2)
  isLeader = false
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(runs).toBe(2)
  isLeader = true
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(runs).toBe(3)
  expect(isOver()).toBe(false)
  stop()
  expect(isOver()).toBe(true)
  await vi.advanceTimersByTimeAsync(7_200_000)
  expect(runs).toBe(3)
})
