import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { type Claim, heldBy, type Limiter, leaseMs, type Settlement } from '../../governance/limiter.ts'
import { findTestServices } from '../testing/test-services.ts'
import { InProcessLimiter } from './in-process-limiter.ts'
import { RedisLimiter } from './redis-limiter.ts'

const { redisUrl } = await findTestServices()
const redis = redisUrl === null ? null : new Redis(redisUrl)
afterAll(() => redis?.disconnect())

let run = 0
let subject = ''
beforeEach(() => {
  run += 1
  subject = `api_key:test-${process.pid}-${run}`
})

const requests = (limit: number, windowMs = 60_000): Claim => ({
  ...{ kind: 'window', subject, metric: 'requests', amount: 1, limit, windowMs },
})
const tokens = (amount: number, limit: number): Claim => ({
  ...{ kind: 'window', subject, metric: 'tokens', amount, limit, windowMs: 60_000 },
})
const slot = (limit: number): Claim => ({ kind: 'slot', subject, limit })
const budget = (amount: number, limit: number, spent: number | null = 0): Claim => ({
  ...{ kind: 'budget', subject, amount, limit, spent, keepMs: 60_000 },
})
const quota = (amount: number, limit: number): Claim => ({
  ...{ kind: 'quota', subject, amount, limit, spent: 0, keepMs: 60_000 },
})
/** What a call that made this claim really used. */
const ended = (claim: Claim, amount: number): Settlement => ({
  ...{ kind: claim.kind, subject: claim.subject, amount, held: heldBy(claim) },
})

const kinds: readonly (readonly [string, () => Limiter])[] = [
  ['in process', () => new InProcessLimiter(Date.now)],
  ...(redis === null
    ? []
    : [
        [
          'in Redis',
          () => new RedisLimiter(redis, (shared) => shared(), new InProcessLimiter(Date.now)),
        ] as const,
      ]),
]

describe.each(kinds)('a limiter %s', (_, create) => {
  const limiter = create()

  it('admits exactly the limit of a window, however many ask at once', async () => {
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => limiter.claim(`r${index}`, [requests(10)])),
    )
    expect(verdicts.filter(({ refusedBy }) => refusedBy === null)).toHaveLength(10)
    expect(verdicts.at(-1)).toMatchObject({ refusedBy: 0, standings: [{ used: 10 }] })
    const resetsInMs = verdicts.at(-1)?.standings[0]?.resetsInMs ?? 0
    expect(resetsInMs).toBeGreaterThan(50_000)
    expect(resetsInMs).toBeLessThanOrEqual(60_000)
  })

  it('begins a window with the first use after the last one ended', async () => {
    const claim = async (id: string) => (await limiter.claim(id, [requests(1, 300)])).refusedBy
    expect(await Promise.all([claim('a'), claim('b')])).toEqual([null, 0])
    await expect.poll(() => claim('c')).toBeNull()
  })

  it('holds what a call that uses nothing of a quota wants of it', async () => {
    const claims = [quota(0, 5), slot(1)]
    expect((await limiter.claim('a', claims)).refusedBy).toBeNull()
    expect((await limiter.claim('b', claims)).refusedBy).toBe(1)
    await limiter.settle('a', [ended(quota(0, 5), 0), ended(slot(1), 0)])
    expect((await limiter.claim('c', [quota(5, 5), slot(1)])).refusedBy).toBeNull()
  })

  it('takes nothing when one of several refuses', async () => {
    await limiter.claim('a', [slot(1)])
    const refused = await limiter.claim('b', [requests(5), tokens(10, 100), slot(1)])
    expect(refused.refusedBy).toBe(2)
    await limiter.settle('a', [ended(slot(2), 0)])
    const admitted = await limiter.claim('c', [requests(5), tokens(10, 100), slot(1)])
    expect(admitted).toMatchObject({
      refusedBy: null,
      standings: [{ used: 1 }, { used: 10 }, { held: 1 }],
    })
  })

  it('holds anew by a name that was used before', async () => {
    const place: Claim = { kind: 'slot', subject: `${subject}:places`, limit: 1 }
    for (const amount of [60, 70]) {
      expect((await limiter.claim('again', [budget(amount, 100), place])).refusedBy).toBeNull()
      const refused = await limiter.claim('other', [budget(1, 100), place])
      expect(refused).toMatchObject({ refusedBy: 1, standings: [{ held: amount }, { held: 1 }] })
      await limiter.settle('again', [ended(budget(amount, 100), 5), ended(place, 0)])
    }
    const left = await limiter.claim('other', [budget(1, 100)])
    expect(left).toMatchObject({ standings: [{ used: 10, held: 1 }] })
  })

  it('corrects estimated tokens in the window they were taken from', async () => {
    await limiter.claim('a', [tokens(80, 100)])
    expect((await limiter.claim('b', [tokens(30, 100)])).refusedBy).toBe(0)
    await limiter.settle('a', [ended(tokens(80, 100), -60)])
    expect(await limiter.claim('b', [tokens(30, 100)])).toMatchObject({ standings: [{ used: 50 }] })
    await limiter.settle('b', [ended(tokens(30, 100), 70)])
    expect((await limiter.claim('c', [tokens(1, 100)])).refusedBy).toBe(0)
  })

  it('admits one estimate above the limit while no token is used', async () => {
    expect((await limiter.claim('a', [tokens(500, 100)])).refusedBy).toBeNull()
    expect((await limiter.claim('b', [tokens(1, 100)])).refusedBy).toBe(0)
  })

  it('holds estimates against a budget and books what was spent', async () => {
    expect((await limiter.claim('a', [budget(40, 100)])).refusedBy).toBeNull()
    expect((await limiter.claim('b', [budget(60, 100)])).refusedBy).toBeNull()
    expect(await limiter.claim('c', [budget(1, 100)])).toMatchObject({
      refusedBy: 0,
      standings: [{ used: 0, held: 100 }],
    })
    await limiter.settle('a', [ended(budget(40, 100), 10)])
    await limiter.settle('b', [ended(budget(60, 100), 0)])
    expect(await limiter.claim('d', [budget(90, 100)])).toMatchObject({
      refusedBy: null,
      standings: [{ used: 10, held: 90 }],
    })
    await limiter.settle('d', [ended(budget(90, 100), 90)])
    expect((await limiter.claim('e', [budget(0, 100)])).refusedBy).toBeNull()
    expect((await limiter.claim('f', [budget(1, 100)])).refusedBy).toBe(0)
  })

  it('admits one request at a time whose estimate exceeds what is left', async () => {
    expect((await limiter.claim('a', [budget(500, 100, 99)])).refusedBy).toBeNull()
    expect((await limiter.claim('b', [budget(500, 100, 99)])).refusedBy).toBe(0)
    await limiter.settle('a', [ended(budget(500, 100), 1)])
    expect((await limiter.claim('c', [budget(500, 100, 99)])).refusedBy).toBe(0)
  })

  it('never admits what a quota has no room for, and books any unit', async () => {
    expect((await limiter.claim('a', [quota(101, 100)])).refusedBy).toBe(0)
    expect((await limiter.claim('b', [quota(60, 100)])).refusedBy).toBeNull()
    expect((await limiter.claim('c', [quota(41, 100)])).refusedBy).toBe(0)
    await limiter.settle('b', [ended(quota(60, 100), 10)])
    expect(await limiter.claim('d', [quota(90, 100)])).toMatchObject({
      refusedBy: null,
      standings: [{ used: 10, held: 90 }],
    })
    expect((await limiter.claim('e', [quota(1, 100)])).refusedBy).toBe(0)
  })

  it('asks for spend it does not know, and then knows it', async () => {
    expect(await limiter.claim('a', [requests(1), budget(1, 100, null)])).toMatchObject({
      refusedBy: null,
      unknown: [1],
    })
    expect((await limiter.claim('a', [requests(1), budget(1, 100, 100)])).refusedBy).toBe(1)
    expect((await limiter.claim('b', [budget(1, 200, null)])).standings).toMatchObject([{ used: 100 }])
  })

  it('raises spend and never lowers it', async () => {
    await limiter.claim('a', [budget(0, 100, 10)])
    await limiter.raiseSpent(subject, 50)
    await limiter.raiseSpent(subject, 20)
    expect((await limiter.claim('b', [budget(0, 100, null)])).standings).toMatchObject([{ used: 50 }])
  })

  it('settles a request only once', async () => {
    await limiter.claim('a', [slot(2)])
    for (const _ of [1, 2, 3]) await limiter.settle('a', [ended(slot(2), 0)])
    expect((await limiter.claim('b', [slot(2)])).standings).toMatchObject([{ held: 1 }])
  })
})

/** A limiter whose Redis can go away. */
function openLosingLimiter(redis: Redis) {
  let isAway = false
  const limiter = new RedisLimiter(
    redis,
    (shared, local) => (isAway ? local() : shared()),
    new InProcessLimiter(Date.now),
  )
  const loseRedis = (): void => {
    isAway = true
  }
  return { limiter, loseRedis }
}

it.skipIf(redis === null)('counts on in the process from where Redis stood when it went away', async () => {
  if (redis === null) return
  const { limiter, loseRedis } = openLosingLimiter(redis)
  for (const id of ['a', 'b']) await limiter.claim(id, [requests(3), budget(10, 100, 75)])
  loseRedis()
  expect((await limiter.claim('c', [requests(3)])).refusedBy).toBeNull()
  expect((await limiter.claim('d', [requests(3)])).refusedBy).toBe(0)
  expect((await limiter.claim('e', [budget(10, 100, null)])).refusedBy).toBe(0)
})

it.skipIf(redis === null)(
  'counts a call once that Redis admitted and cannot be told the end of',
  async () => {
    if (redis === null) return
    const { limiter, loseRedis } = openLosingLimiter(redis)
    await limiter.claim('a', [quota(1, 3)])
    loseRedis()
    await limiter.settle('a', [ended(quota(1, 3), 1)])
    for (const id of ['b', 'c']) expect((await limiter.claim(id, [quota(1, 3)])).refusedBy, id).toBeNull()
    expect((await limiter.claim('d', [quota(1, 3)])).refusedBy).toBe(0)
  },
)

it('frees what a dead process held when its lease ends, unless it was renewed', async () => {
  let now = 0
  const limiter = new InProcessLimiter(() => now)
  await limiter.claim('dead', [slot(2)])
  await limiter.claim('alive', [slot(2)])
  now = leaseMs - 1
  await limiter.renew('alive')
  expect((await limiter.claim('x', [slot(2)])).refusedBy).toBe(0)
  now = leaseMs
  expect((await limiter.claim('x', [slot(2)])).refusedBy).toBeNull()
  expect((await limiter.claim('y', [slot(2)])).refusedBy).toBe(0)
})
