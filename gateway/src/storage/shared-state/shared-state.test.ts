import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { pairPorts } from '../testing/paired-ports.ts'
import { findTestServices } from '../testing/test-services.ts'
import { InProcessState } from './in-process-state.ts'
import { connectSharedState, exposeSharedState } from './ipc-state.ts'
import { RedisState } from './redis-state.ts'
import type { CounterIncrement, SharedState } from './shared-state.ts'

/** Two members of one group of gateways: what one does, the other sees. */
interface Adapter {
  readonly name: string
  open(): Promise<readonly [SharedState, SharedState]>
}

const { redisUrl } = await findTestServices()
if (redisUrl === null)
  console.warn('redis-server is not installed: its part of the shared-state contract is skipped')

const adapters: Adapter[] = [
  {
    name: 'memory',
    async open() {
      const state = new InProcessState(Date.now)
      return [state, state]
    },
  },
  {
    name: 'ipc',
    async open() {
      const primary = new InProcessState(Date.now)
      const workers = [pairPorts(), pairPorts()].map(([outer, inner]) => {
        exposeSharedState(outer, primary)
        return connectSharedState(inner)
      })
      return workers as [SharedState, SharedState]
    },
  },
]
if (redisUrl !== null) {
  adapters.push({
    name: 'redis',
    open: () =>
      Promise.all([
        RedisState.open({ url: redisUrl, now: Date.now }),
        RedisState.open({ url: redisUrl, now: Date.now }),
      ]),
  })
}

describe.each(adapters)('shared state over $name', (adapter) => {
  let states: readonly SharedState[] = []
  let prefix = ''

  const open = async (): Promise<readonly [SharedState, SharedState]> => {
    prefix = randomUUID()
    const pair = await adapter.open()
    states = pair
    return pair
  }
  const counter = (name: string, changes: Partial<CounterIncrement> = {}): CounterIncrement => ({
    key: `{${prefix}}${name}`,
    by: 1,
    ttlMs: 60_000,
    limit: null,
    ...changes,
  })
  afterEach(() => Promise.all(states.map((state) => state.close())))

  it('shares values until they are deleted', async () => {
    const [one, other] = await open()
    expect(await one.get(`${prefix}a`)).toBeNull()
    await one.set(`${prefix}a`, 'ünï \0 "x"', 60_000)
    expect(await other.get(`${prefix}a`)).toBe('ünï \0 "x"')
    await other.set(`${prefix}a`, '', 60_000)
    expect(await one.get(`${prefix}a`)).toBe('')
    await other.delete(`${prefix}a`)
    expect(await one.get(`${prefix}a`)).toBeNull()
  })

  it('forgets values and counters after their time', async () => {
    const [one, other] = await open()
    await one.set(`${prefix}a`, 'x', 20)
    await one.increment([counter('n', { by: 5, ttlMs: 20 })])
    await expect.poll(() => other.get(`${prefix}a`)).toBeNull()
    await expect.poll(async () => (await other.increment([counter('n', { by: 0 })])).values).toEqual([0])
  })

  it('counts together, and gives back without falling below zero', async () => {
    const [one, other] = await open()
    expect(await one.increment([counter('n', { by: 3 })])).toEqual({ refusedBy: null, values: [3] })
    expect(await other.increment([counter('n', { by: 4 })])).toEqual({ refusedBy: null, values: [7] })
    expect(await one.increment([counter('n', { by: -5, limit: 1 })])).toEqual({
      refusedBy: null,
      values: [2],
    })
    expect(await one.increment([counter('n', { by: -5 })])).toEqual({ refusedBy: null, values: [0] })
    expect(await other.increment([counter('other', { by: -1 })])).toEqual({ refusedBy: null, values: [0] })
  })

  it('adds to all counters or to none', async () => {
    const [one, other] = await open()
    await one.increment([counter('a', { by: 5 }), counter('b', { by: 9 })])
    const refused = await other.increment([
      counter('a', { by: 1, limit: 10 }),
      counter('b', { by: 2, limit: 10 }),
    ])
    expect(refused).toEqual({ refusedBy: 1, values: [5, 9] })
    const admitted = await other.increment([
      counter('a', { by: 1, limit: 10 }),
      counter('b', { by: 1, limit: 10 }),
    ])
    expect(admitted).toEqual({ refusedBy: null, values: [6, 10] })
  })

  it('never admits more than a limit under concurrency', async () => {
    const [one, other] = await open()
    const asked = Array.from({ length: 100 }, (_, n) =>
      (n % 2 === 0 ? one : other).increment([counter('n', { limit: 37 })]),
    )
    const results = await Promise.all(asked)
    expect(results.filter(({ refusedBy }) => refusedBy === null)).toHaveLength(37)
    expect(await one.increment([counter('n', { by: 0 })])).toEqual({ refusedBy: null, values: [37] })
  })

  it('counts amounts beyond 32 bits exactly', async () => {
    const [one] = await open()
    await one.increment([counter('n', { by: 9_007_199_254_740_000 })])
    expect((await one.increment([counter('n', { by: 991 })])).values).toEqual([9_007_199_254_740_991])
  })

  it('tells every subscriber of a channel, once each, until it unsubscribes', async () => {
    const [one, other] = await open()
    const heard: string[] = []
    const stop = await one.subscribe(`${prefix}c`, (message) => heard.push(`one ${message}`))
    await other.subscribe(`${prefix}c`, (message) => heard.push(`other ${message}`))
    await other.subscribe(`${prefix}quiet`, (message) => heard.push(`quiet ${message}`))
    await one.publish(`${prefix}c`, 'keys a b')
    await expect.poll(() => [...heard].sort()).toEqual(['one keys a b', 'other keys a b'])
    stop()
    await other.publish(`${prefix}c`, 'again')
    await expect.poll(() => heard).toContain('other again')
    expect(heard).toHaveLength(3)
  })
})
