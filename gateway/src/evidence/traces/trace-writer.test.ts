import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { newTrace, traceId } from './trace.fixture.ts'
import type { NewTrace } from './trace.ts'
import { TraceWriter } from './trace-writer.ts'

/** Keeps ids; each write waits until it is let through. */
class GatedStore {
  readonly writes: number[] = []
  readonly kept = new Set<string>()
  refuse: string | null = null
  #gate: (() => void)[] = []

  async saveTraces(_workspaceId: string, traces: readonly NewTrace[]): Promise<readonly string[]> {
    this.writes.push(traces.length)
    await new Promise<void>((resolve) => this.#gate.push(resolve))
    if (traces.some(({ id }) => id === this.refuse)) throw new GatewayError('storage_unavailable', 'down')
    const fresh = [...new Set(traces.map(({ id }) => id))].filter((id) => !this.kept.has(id))
    for (const id of fresh) this.kept.add(id)
    return fresh
  }

  async letThrough(writes = 10): Promise<void> {
    for (let turn = 0; turn < writes; turn += 1) {
      this.#gate.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

const many = (from: number, count: number): NewTrace[] =>
  Array.from({ length: count }, (_, n) => newTrace({ id: traceId(from + n) }))

describe('the writer of traces', () => {
  it('writes what arrives during a write together, and answers each with its own', async () => {
    const store = new GatedStore()
    const writer = new TraceWriter(store)
    const answers = [many(1, 1), many(2, 1), many(3, 2)].map((traces) => writer.write('w', traces))
    await store.letThrough()
    expect(store.writes).toEqual([1, 3])
    expect((await Promise.all(answers)).map((ids) => [...ids])).toEqual([
      [traceId(1)],
      [traceId(2)],
      [traceId(3), traceId(4)],
    ])
  })

  it('gives an id that two requests bring at once to the first of them', async () => {
    const store = new GatedStore()
    const writer = new TraceWriter(store)
    const answers = [many(9, 1), many(1, 1), many(1, 1)].map((traces) => writer.write('w', traces))
    await store.letThrough()
    expect((await Promise.all(answers)).map(({ size }) => size)).toEqual([1, 1, 0])
  })

  it('keeps writes to two thousand rows, and workspaces apart', async () => {
    const store = new GatedStore()
    const writer = new TraceWriter(store)
    const answers = [
      writer.write('w', many(0, 10)),
      writer.write('v', many(10, 10)),
      writer.write('w', many(20, 1_500)),
      writer.write('w', many(2_000, 1_500)),
      writer.write('w', many(5_000, 3_000)),
    ]
    await store.letThrough()
    await Promise.all(answers)
    expect(store.writes).toEqual([10, 10, 1_500, 1_500, 3_000])
  })

  it('begins a second write beside the first when much is waiting, and no third', async () => {
    const store = new GatedStore()
    const writer = new TraceWriter(store)
    const sizes = [50, 150, 60, 40, 400]
    const answers = sizes.map((size, n) => writer.write('w', many(n * 1_000, size)))
    expect(store.writes).toEqual([50, 210])
    await store.letThrough()
    await Promise.all(answers)
    expect(store.writes).toEqual([50, 210, 440])
    const later = writer.write('w', many(9_000, 1))
    expect(store.writes).toEqual([50, 210, 440, 1])
    await store.letThrough()
    await later
  })

  it('fails a request for its own faults alone', async () => {
    const store = new GatedStore()
    store.refuse = traceId(2)
    const writer = new TraceWriter(store)
    const answers = [many(9, 1), many(1, 1), many(2, 1), many(3, 1)].map((traces) =>
      writer.write('w', traces),
    )
    const settled = Promise.allSettled(answers)
    await store.letThrough()
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
  })

  it('is bounded, and takes a single request of any size when nothing waits', async () => {
    const store = new GatedStore()
    const writer = new TraceWriter(store)
    const first = writer.write('w', many(0, 50_001))
    expect(() => writer.write('w', many(60_000, 1))).toThrow(GatewayError)
    await store.letThrough()
    await first
    const next = writer.write('w', many(60_000, 1))
    await store.letThrough()
    expect((await next).size).toBe(1)
  })
})
