import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DecisionLog } from './decision-log.ts'
import { routingDecision } from './routing-decision.fixture.ts'
import type { RoutingDecision } from './routing-decision.ts'

class FakeStore {
  readonly writes: (readonly RoutingDecision[])[] = []
  fails = false

  async saveDecisions(decisions: readonly RoutingDecision[]): Promise<void> {
    if (this.fails) throw new Error('no database')
    this.writes.push(decisions)
  }

  async findDecision(workspaceId: string, routingId: string): Promise<RoutingDecision | null> {
    const rows = this.writes.flat()
    return rows.find((row) => row.routingId === routingId && row.workspaceId === workspaceId) ?? null
  }
}

const numbered = (n: number): RoutingDecision => routingDecision({ routingId: `rt_${n}` })

describe('the log of decisions', () => {
  let store: FakeStore
  let failures: number
  let log: DecisionLog

  beforeEach(() => {
    vi.useFakeTimers()
    store = new FakeStore()
    failures = 0
    log = new DecisionLog({
      store,
      onWriteFailed: () => {
        failures += 1
      },
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('writes 250 ms after the first row, all that came meanwhile', async () => {
    log.record(numbered(1))
    await vi.advanceTimersByTimeAsync(200)
    log.record(numbered(2))
    expect(store.writes).toEqual([])
    await vi.advanceTimersByTimeAsync(50)
    expect(store.writes.map((rows) => rows.length)).toEqual([2])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store.writes).toHaveLength(1)
  })

  it('does not wait when 256 rows do', async () => {
    for (let n = 0; n < 600; n += 1) log.record(numbered(n))
    await vi.advanceTimersByTimeAsync(0)
    expect(store.writes.map((rows) => rows.length)).toEqual([256, 256, 88])
  })

  it('finds a row before and after it is written, in its workspace alone', async () => {
    log.record(numbered(1))
    expect(await log.find('default', 'rt_1')).not.toBeNull()
    expect(await log.find('other', 'rt_1')).toBeNull()
    await log.flush()
    expect(log.waiting).toBe(0)
    expect(await log.find('default', 'rt_1')).not.toBeNull()
    expect(await log.find('other', 'rt_1')).toBeNull()
  })

  it('takes no more while the database refuses, tries again each second, and recovers without loss', async () => {
    store.fails = true
    expect(log.record(numbered(1))).toBe(true)
    await vi.advanceTimersByTimeAsync(250)
    expect(log.record(numbered(2))).toBe(false)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(failures).toBe(4)
    store.fails = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(store.writes.flat().map(({ routingId }) => routingId)).toEqual(['rt_1'])
    expect(log.record(numbered(3))).toBe(true)
  })

  it('is bounded', () => {
    const taken = Array.from({ length: 17_000 }, (_, n) => log.record(numbered(n))).filter(Boolean)
    expect(taken).toHaveLength(16_384)
  })

  it('writes what is left when it is closed, and leaves no timer', async () => {
    log.record(numbered(1))
    await log.close()
    expect(store.writes.flat()).toHaveLength(1)
    store.fails = true
    log.record(numbered(2))
    await log.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
