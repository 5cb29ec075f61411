import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTcpRelay, type TcpRelay } from '../testing/tcp-relay.ts'
import { findTestServices } from '../testing/test-services.ts'
import { RedisState } from './redis-state.ts'

const { redisUrl } = await findTestServices()

describe.skipIf(redisUrl === null)('RedisState when Redis fails', () => {
  let relay: TcpRelay
  let state: RedisState
  let clock: number
  let key: string

  beforeEach(async () => {
    clock = 1_000_000
    key = randomUUID()
    relay = await openTcpRelay(redisUrl ?? '')
    state = await RedisState.open({ url: relay.url, now: () => clock })
  })
  afterEach(async () => {
    await state.close()
    await relay.close()
  })

  const count = async (): Promise<number | undefined> =>
    (await state.increment([{ key, by: 1, ttlMs: 60_000, limit: null }])).values[0]

  it('goes on alone while Redis is gone and shares again when it is back', async () => {
    await state.set(key, 'shared', 60_000)
    relay.cut()
    await expect.poll(() => state.isShared).toBe(false)
    expect(await state.get(key)).toBeNull()
    await state.set(key, 'local', 60_000)
    expect(await state.get(key)).toBe('local')
    await state.set(`${key}-long`, 'x'.repeat(5_000), 60_000)
    expect(await state.get(`${key}-long`)).toBeNull()
    expect([await count(), await count()]).toEqual([1, 2])
    relay.restore()
    await expect.poll(() => state.isShared, { timeout: 10_000 }).toBe(true)
    expect(await state.get(key)).toBe('shared')
  })

  it('waits for a stalled Redis five times, then leaves it alone for a minute', async () => {
    relay.stall()
    for (let call = 1; call <= 5; call++) expect(await count()).toBe(call)
    expect(state.isShared).toBe(false)
    const calls = Array.from({ length: 200 }, () => count())
    let answered = 0
    for (const call of calls) void call.then(() => (answered += 1))
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(200)
  })

  it('tries again after the minute', async () => {
    relay.stall()
    for (let call = 1; call <= 5; call++) await count()
    relay.restore()
    expect(state.isShared).toBe(false)
    await state.get(key)
    expect(state.isShared).toBe(false)
    clock += 60_000
    await state.get(key)
    expect(state.isShared).toBe(true)
  })

  it('does not run again later what was served locally', async () => {
    relay.stall()
    expect(await count()).toBe(1)
    relay.cut()
    await expect.poll(() => state.isShared).toBe(false)
    relay.restore()
    await expect.poll(() => state.isShared, { timeout: 10_000 }).toBe(true)
    expect(await count()).toBe(1)
  })

  it('still delivers notices within the process', async () => {
    const heard: string[] = []
    await state.subscribe('channel', (message) => heard.push(message))
    relay.cut()
    await state.publish('channel', 'invalidate')
    expect(heard).toEqual(['invalidate'])
  })

  it('hears notices again after a break', async () => {
    const other = await RedisState.open({ url: redisUrl ?? '', now: () => clock })
    const heard: string[] = []
    await state.subscribe(key, (message) => heard.push(message))
    relay.cut()
    relay.restore()
    await expect
      .poll(
        async () => {
          await other.publish(key, 'hello')
          return heard
        },
        { timeout: 10_000 },
      )
      .toContain('hello')
    await other.close()
  })
})

describe('RedisState without any Redis', () => {
  it('opens in local mode', async () => {
    const state = await RedisState.open({ url: 'redis://127.0.0.1:1', now: Date.now })
    expect(state.isShared).toBe(false)
    await state.set('a', 'x', 60_000)
    expect(await state.get('a')).toBe('x')
    await state.close()
  })
})
