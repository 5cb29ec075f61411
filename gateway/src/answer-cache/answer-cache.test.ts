import { beforeEach, describe, expect, it } from 'vitest'
import { AnswerCache, maxAnswerBytes, type SharedAnswers } from './answer-cache.ts'
import { cacheKey, keyPrefix } from './cache-key.ts'
import type { CachedAnswer } from './cached-answer.ts'

let now = 0
/** Nothing is embedded here. */
const embedder = () => {
  throw new Error('nobody asks')
}
beforeEach(() => {
  now = 1000
})
const answer = (text = 'text'): CachedAnswer => ({
  ...{ isStream: false, includesUsage: false, text, usage: null, deploymentId: 'd', storedAt: now },
})
const createCache = (shared: SharedAnswers | null = null, maxEntries = 3): AnswerCache =>
  new AnswerCache({ shared, maxEntries: () => maxEntries, embedder, countSimilar: () => {}, now: () => now })
const key = (name: string): string => keyPrefix + name

describe('answers in memory', () => {
  it('live as long as they may', () => {
    const cache = createCache()
    cache.keep(key('a'), answer(), 100)
    now += 99
    expect(cache.find(key('a'), null)).toMatchObject({ tier: 'l1' })
    expect(cache.find(key('a'), 50)).toBeNull()
    now += 1
    expect(cache.find(key('a'), null)).toBeNull()
    expect(cache.stats).toMatchObject({
      hits: { l1: 1, l2: 0, coalesced: 0, semantic: 0 },
      misses: 2,
      entries: 0,
      bytes: 0,
    })
  })

  it('make room for others in the order of their last use', () => {
    const cache = createCache()
    for (const name of ['a', 'b', 'c']) cache.keep(key(name), answer(name), 100)
    cache.find(key('a'), null)
    cache.keep(key('d'), answer(), 100)
    expect(cache.list(9).map((entry) => entry.key)).toEqual(['d', 'a', 'c'].map(key))
  })

  it('take no more room than they are given', () => {
    const cache = createCache(null, 1_000_000)
    const long = 'x'.repeat(maxAnswerBytes)
    for (let at = 0; at < 40; at += 1) cache.keep(key(String(at)), answer(long), 100)
    expect(cache.stats.bytes).toBeLessThanOrEqual(64 * 1024 * 1024)
    expect(cache.stats.entries).toBeGreaterThan(20)
    cache.keep(key('too long'), answer(`${long}x`), 100)
    expect(cache.find(key('too long'), null)).toBeNull()
  })

  it('are flushed by the start of their names', async () => {
    const cache = createCache()
    for (const name of ['ann:_:1', 'ann:_:2', 'bob:_:1']) cache.keep(key(name), answer(), 100)
    expect(await cache.flush('ann:')).toBe(2)
    expect(cache.list(9).map((entry) => entry.key)).toEqual([key('bob:_:1')])
    expect(await cache.flush('')).toBe(1)
  })
})

describe('answers that are shared', () => {
  it('are found by others, and remembered for a moment', async () => {
    const kept = new Map<string, string>()
    const shared: SharedAnswers = {
      get: async (name) => kept.get(name) ?? null,
      set: async (name, value) => void kept.set(name, value),
      delete: async (name) => void kept.delete(name),
    }
    createCache(shared).keep(key('a'), answer('shared'), 100)
    const other = createCache(shared)
    expect(await other.find(key('a'), null)).toMatchObject({ tier: 'l2', answer: { text: 'shared' } })
    expect(other.find(key('a'), null)).toMatchObject({ tier: 'l1' })
    await other.forget([key('a')])
    expect(await other.find(key('a'), null)).toBeNull()
    kept.set(key('b'), '{"of":"another version"}')
    expect(await other.find(key('b'), null)).toBeNull()
  })

  it('are not missed where sharing fails', async () => {
    const fails = (): Promise<never> => Promise.reject(new Error('away'))
    const cache = createCache({ get: fails, set: fails, delete: fails })
    expect(await cache.find(key('a'), null)).toBeNull()
    cache.keep(key('a'), answer(), 100)
    expect(cache.find(key('a'), null)).toMatchObject({ tier: 'l1' })
    await cache.forget([key('a')])
    expect(cache.stats).toMatchObject({ errors: 3, entries: 0 })
  })
})

describe('the name of an answer', () => {
  const who = { scope: 'principal', userId: 'ann', teamId: null, keyHash: 'h' } as const
  const request = {
    dialect: 'd',
    operation: 'chat',
    model: 'm',
    namespace: null,
    body: { a: 1, b: { c: 2, d: 3 } },
  }

  it('is that of its principal, and cannot be forged by an id', () => {
    const name = cacheKey(who, request)
    expect(name).toMatch(/^routeiq:cache:v1:ann:_:[0-9a-f]{64}$/)
    expect(cacheKey({ ...who, userId: 'ann:_' }, request)).not.toContain(':ann:_:')
    expect(cacheKey({ ...who, userId: null }, request)).toContain(':key-h:_:')
    expect(cacheKey({ ...who, scope: 'global' }, request)).toContain(':_:_:')
    expect(cacheKey({ ...who, scope: 'team', teamId: 't' }, request)).toContain(':_:t:')
  })

  it('depends on what matters only', () => {
    const name = cacheKey(who, request)
    const sent = { b: { d: 3.00000000001, c: 2 }, a: 1, stream: true, user: 'x', metadata: {}, cache: {} }
    expect(cacheKey(who, { ...request, body: sent })).toBe(name)
    for (const changed of [{ dialect: 'e' }, { operation: 'e' }, { model: 'e' }, { namespace: 'e' }])
      expect(cacheKey(who, { ...request, ...changed })).not.toBe(name)
    expect(cacheKey(who, { ...request, body: { ...request.body, b: { c: 2, d: 4 } } })).not.toBe(name)
  })
})
