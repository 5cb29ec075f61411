import { afterEach, expect, it, vi } from 'vitest'
import { boundHeap } from './bound-heap.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('bounds the heap from the start, more narrowly while many streams are open, and leaves V8 its own choice', () => {
  vi.useFakeTimers()
  const flags: string[] = []
  const openStreams = { size: 0 }
  const stop = boundHeap({ openStreams, setFlag: (flag) => flags.push(flag) })
  expect(flags).toEqual(['--heap-growing-percent=100'])
  for (const size of [99, 100, 1_000, 100, 99, 0]) {
    openStreams.size = size
    vi.advanceTimersByTime(1_000)
  }
  stop()
  vi.advanceTimersByTime(10_000)
  expect(flags).toEqual([100, 50, 100, 0].map((percent) => `--heap-growing-percent=${percent}`))
})
