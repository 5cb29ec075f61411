import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WriteBehind } from './write-behind.ts'

interface Row {
  readonly key: string
  readonly value: number
}

const numbered = (n: number): Row => ({ key: `k${n}`, value: n })

describe('a queue that is written behind', () => {
  const writes: (readonly Row[])[] = []
  let fails: boolean
  let failures: number
  let queue: WriteBehind<Row>

  beforeEach(() => {
    vi.useFakeTimers()
    writes.length = 0
    fails = false
    failures = 0
    queue = new WriteBehind<Row>({
      flushAfterMs: 100,
      keyOf: ({ key }) => key,
      write: async (rows) => {
        await Promise.resolve()
        if (fails) throw new Error('no database')
        writes.push(rows)
      },
      onWriteFailed: () => {
        failures += 1
      },
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is written some time after the first row, with all that came meanwhile', async () => {
    queue.add(numbered(1))
    await vi.advanceTimersByTimeAsync(90)
    queue.add(numbered(2))
    expect(writes).toEqual([])
    await vi.advanceTimersByTimeAsync(10)
    expect(writes).toEqual([[numbered(1), numbered(2)]])
    expect([queue.waiting, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('does not wait when 256 rows do, nor between full writes', async () => {
    for (let n = 0; n < 600; n += 1) queue.add(numbered(n))
    await vi.advanceTimersByTimeAsync(0)
    expect(writes.map((rows) => rows.length)).toEqual([256, 256, 88])
  })

  it('tries again each second what was refused, and no sooner', async () => {
    fails = true
    for (let n = 0; n < 300; n += 1) queue.add(numbered(n))
    await vi.advanceTimersByTimeAsync(0)
    expect([failures, queue.isFailing]).toEqual([1, true])
    queue.add(numbered(300))
    await vi.advanceTimersByTimeAsync(999)
    expect(failures).toBe(1)
    fails = false
    await vi.advanceTimersByTimeAsync(1)
    expect(writes.flat()).toHaveLength(301)
    expect(queue.isFailing).toBe(false)
  })

  it('keeps a row that took the place of one that was being written', async () => {
    queue.add(numbered(1))
    const flushed = queue.flush()
    queue.add({ key: 'k1', value: 2 })
    await flushed
    await queue.flush()
    expect(writes.flat().map(({ value }) => value)).toEqual([1, 2])
    expect(queue.find('k1')).toBeUndefined()
  })

  it('takes as many rows as it has room for', () => {
    const taken = Array.from({ length: 17_000 }, (_, n) => queue.add(numbered(n))).filter(Boolean)
    expect(taken).toHaveLength(16_384)
  })

  it('writes all that is left when it is closed, and leaves no timer', async () => {
    for (let n = 0; n < 600; n += 1) queue.add(numbered(n))
    await queue.close()
    expect(writes.flat()).toHaveLength(600)
    fails = true
    queue.add(numbered(1))
    await queue.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
