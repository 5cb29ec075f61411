import { createSeededRandom } from '@routeiq/router'
import { describe, expect, it } from 'vitest'
import { type Pin, Pins } from './pins.ts'

const pin = (arm: string, patch: Partial<Pin> = {}): Pin => ({
  ...{ arm, tier: 'simple', bundleId: null, moves: 0, since: 1_000, turns: 1, usedAt: 1_000 },
  ...patch,
})
const open = (announce: ((key: string, pin: Pin) => void) | null = null): Pins =>
  new Pins({ ttlMs: () => 60_000, announce })

describe('pins of three processes', () => {
  it('come to the same for a thousand conversations begun at once, in whatever order they hear of each other', () => {
    const random = createSeededRandom(new Uint8Array(16).fill(7))
    const mail: { from: number; key: string; pin: Pin }[] = []
    const replicas = [0, 1, 2].map((from) => open((key, told) => mail.push({ from, key, pin: told })))
    const keys = Array.from({ length: 1_000 }, (_, index) => `session-${index}`)
    for (const key of keys)
      for (const replica of replicas) {
        const at = 1_000 + Math.floor(3 * random.next())
        replica.set(
          key,
          pin(['a', 'b', 'c'][Math.floor(3 * random.next())] ?? 'a', { since: at, usedAt: at }),
        )
      }
    const shuffled = mail
      .map((notice) => ({ notice, at: random.next() }))
      .sort((left, right) => left.at - right.at)
    for (const [at, replica] of replicas.entries())
      for (const { notice } of at === 1 ? shuffled.toReversed() : shuffled)
        if (notice.from !== at) replica.adopt(notice.key, notice.pin)
    for (const key of keys) {
      const arms = replicas.map((replica) => replica.find(key, 2_000)?.arm)
      expect(new Set(arms).size, key).toBe(1)
    }
  })

  it('follow a conversation that moves, even where its first model is heard of late', () => {
    const replica = open()
    replica.adopt('k', pin('b', { moves: 1, since: 5_000, usedAt: 5_000 }))
    replica.adopt('k', pin('a'))
    expect(replica.find('k', 6_000)?.arm).toBe('b')
  })

  it('forget what nobody has used for long', () => {
    const replica = open()
    replica.set('k', pin('a'))
    expect(replica.find('k', 70_000)).toBeNull()
    replica.adopt('k', pin('b', { since: 80_000, usedAt: 80_000 }))
    expect(replica.find('k', 80_001)?.arm).toBe('b')
  })
})
