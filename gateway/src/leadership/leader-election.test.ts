import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LeaderElection } from './leader-election.ts'
import type { Lease, LeaseStore } from './lease-store.ts'

/** A store with one lease, on the clock of the test. */
class OneLease implements LeaseStore {
  holder: string | null = null
  token = 0
  expiresAt = 0
  failure: 'rejects' | 'hangs' | null = null

  async acquire({ holder, ttlMs }: Lease): Promise<number | null> {
    if (this.failure === 'rejects') throw new Error('away')
    if (this.failure === 'hangs') return new Promise(() => {})
    const isFree = this.holder === null || this.expiresAt <= Date.now()
    if (!isFree && this.holder !== holder) return null
    if (this.holder !== holder) this.token += 1
    this.holder = holder
    this.expiresAt = Date.now() + ttlMs
    return this.token
  }

  async release(_name: string, holder: string): Promise<void> {
    if (this.holder === holder) this.holder = null
  }
}

let lease: OneLease
let elected: string[]
let all: LeaderElection[]

function candidate(holder: string): LeaderElection {
  const election = new LeaderElection({
    ...{ leases: lease, name: 'config_sync', holder, leaseMs: 30_000, renewMs: 10_000 },
    now: () => Date.now(),
    onElected: () => elected.push(holder),
  })
  all.push(election)
  return election
}

beforeEach(() => {
  vi.useFakeTimers()
  lease = new OneLease()
  elected = []
  all = []
})
afterEach(async () => {
  lease.failure = null
  for (const election of all) await election.close()
  vi.useRealTimers()
})

describe('an election', () => {
  it('has one leader, who stays it while it renews', async () => {
    const [one, other] = [candidate('one'), candidate('other')]
    await one.start()
    await other.start()
    expect([one.token, other.token]).toEqual([1, null])
    await vi.advanceTimersByTimeAsync(300_000)
    expect([one.token, other.token]).toEqual([1, null])
    expect(elected).toEqual(['one'])
  })

  it('goes on with another and a higher token when the leader gives up', async () => {
    const [one, other] = [candidate('one'), candidate('other')]
    await one.start()
    await other.start()
    await one.close()
    expect(one.token).toBeNull()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(other.token).toBe(2)
    expect(elected).toEqual(['one', 'other'])
  })

  it.each(['rejects', 'hangs'] as const)(
    'a leader whose store %s steps down by its own clock before the lease ends',
    async (failure) => {
      const one = candidate('one')
      await one.start()
      lease.failure = failure
      await vi.advanceTimersByTimeAsync(28_900)
      expect(one.token).toBe(1)
      await vi.advanceTimersByTimeAsync(200)
      expect(one.token).toBeNull()
      expect(lease.expiresAt).toBeGreaterThan(Date.now())
      lease.failure = null
      await vi.advanceTimersByTimeAsync(20_000)
      expect(one.token).toBe(1)
      expect(elected).toEqual(['one', 'one'])
    },
  )

  it('the lease is counted from when it was asked for, not from when the answer came', async () => {
    const one = candidate('one')
    vi.spyOn(lease, 'acquire').mockImplementationOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 9_000))
      return 7
    })
    const started = one.start()
    await vi.advanceTimersByTimeAsync(9_000)
    await started
    lease.failure = 'rejects'
    await vi.advanceTimersByTimeAsync(19_900)
    expect(one.token).toBe(7)
    await vi.advanceTimersByTimeAsync(200)
    expect(one.token).toBeNull()
  })

  it('asks for nothing more when it is closed', async () => {
    const one = candidate('one')
    await one.start()
    await one.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([lease.holder, one.token]).toEqual([null, null])
  })
})
