import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

describe('startDeadline', () => {
  let startDeadline: typeof import('./deadline.ts').startDeadline

  beforeEach(async () => {
    vi.useFakeTimers()
    // A module of its own: the shared ticker of the real one may be running on the real clock.
    vi.resetModules()
    ;({ startDeadline } = await import('./deadline.ts'))
  })
  afterEach(() => {
    // Lets the shared ticker stop before its clock is taken away.
    vi.advanceTimersByTime(600_000)
    vi.useRealTimers()
  })

  it.each([0, 1, 250, 4_999])('is exact below five seconds: %i ms', (ms) => {
    const expire = vi.fn()
    startDeadline(ms, expire)
    vi.advanceTimersByTime(Math.max(0, ms - 1))
    expect(expire).toHaveBeenCalledTimes(ms === 0 ? 1 : 0)
    vi.advanceTimersByTime(1)
    vi.advanceTimersByTime(10_000)
    expect(expire).toHaveBeenCalledTimes(1)
  })

  it('is never early and at most half a second late above, whenever it starts', () => {
    const neighbour = startDeadline(500_000, () => {})
    for (const offset of [0, 1, 100, 249, 250, 251]) {
      for (const ms of [5_000, 5_001, 7_777, 60_000]) {
        vi.advanceTimersByTime(offset)
        const expire = vi.fn()
        startDeadline(ms, expire)
        vi.advanceTimersByTime(ms - 1)
        expect(expire).not.toHaveBeenCalled()
        vi.advanceTimersByTime(501)
        expect(expire).toHaveBeenCalledTimes(1)
      }
    }
    neighbour.clear()
  })

  it.each([100, 10_000])('does nothing once cleared, and may be cleared again: %i ms', (ms) => {
    const expire = vi.fn()
    const deadline = startDeadline(ms, expire)
    vi.advanceTimersByTime(ms - 1)
    deadline.clear()
    deadline.clear()
    vi.advanceTimersByTime(ms * 2)
    expect(expire).not.toHaveBeenCalled()
  })

  it.each([Number.POSITIVE_INFINITY, Number.NaN])('never comes after %d', (ms) => {
    const timers = vi.getTimerCount()
    const expire = vi.fn()
    startDeadline(ms, expire).clear()
    startDeadline(ms, expire)
    expect(vi.getTimerCount()).toBe(timers)
    vi.advanceTimersByTime(10_000_000)
    expect(expire).not.toHaveBeenCalled()
  })

  it('long ones share one timer, which stops when nobody waits', () => {
    const deadlines = Array.from({ length: 100 }, () => startDeadline(30_000, () => {}))
    expect(vi.getTimerCount()).toBe(1)
    for (const deadline of deadlines) deadline.clear()
    vi.advanceTimersByTime(500)
    expect(vi.getTimerCount()).toBe(0)
    const expire = vi.fn()
    startDeadline(5_000, expire)
    vi.advanceTimersByTime(5_500)
    expect(expire).toHaveBeenCalledTimes(1)
  })

  it('one that ends another while it expires takes effect at once', () => {
    const expired: string[] = []
    startDeadline(6_000, () => {
      expired.push('first')
      second.clear()
    })
    const second = startDeadline(6_000, () => expired.push('second'))
    vi.advanceTimersByTime(10_000)
    expect(expired).toEqual(['first'])
  })
})
