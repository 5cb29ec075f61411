import { beforeEach, describe, expect, it, vi } from 'vitest'
import { DeploymentStates } from '../balancing/deployment-states.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import { shareCooldowns, shareKeyChanges, shareUsage } from './share-changes.ts'

let state: InProcessState
let now = 0

beforeEach(() => {
  now = 1_000_000
  state = new InProcessState(() => now)
})

const cooldown = (untilMs: number) => ({
  deploymentId: 'a',
  untilMs,
  durationMs: 5_000,
  status: 429,
  reason: 'slow',
  startedAtMs: now,
})

describe('cooldowns', () => {
  it('reach every other process, and are not told twice', async () => {
    const [here, there, elsewhere] = [new DeploymentStates(), new DeploymentStates(), new DeploymentStates()]
    for (const states of [here, there, elsewhere]) {
      states.get('a')
      await shareCooldowns(state, states)
    }
    const publish = vi.spyOn(state, 'publish')
    here.startCooldown(here.get('a'), cooldown(now + 5_000))
    expect([here, there, elsewhere].map((states) => states.get('a').isCoolingDown(now))).toEqual([
      true,
      true,
      true,
    ])
    expect(publish).toHaveBeenCalledTimes(1)
  })

  it('of deployments unknown here are ignored', async () => {
    const [here, there] = [new DeploymentStates(), new DeploymentStates()]
    await shareCooldowns(state, here)
    await shareCooldowns(state, there)
    here.startCooldown(here.get('a'), cooldown(now + 5_000))
    expect(there.get('a').isCoolingDown(now)).toBe(false)
  })
})

describe('usage', () => {
  it('of deployments with a limit is told to the others, once', async () => {
    vi.useFakeTimers()
    try {
      const [here, there] = [new DeploymentStates(true), new DeploymentStates(true)]
      there.get('a')
      await shareUsage(state, here, () => now)
      await shareUsage(state, there, () => now)
      here.get('a').reserve(now, 100)
      here.get('a').release(now, now, 100, 70)
      await vi.advanceTimersByTimeAsync(1_000)
      const counts = [here, there].map((states) => [
        states.get('a').requestsThisMinute(now),
        states.get('a').tokensThisMinute(now),
      ])
      expect(counts).toEqual([
        [1, 70],
        [1, 70],
      ])
    } finally {
      vi.clearAllTimers()
      vi.useRealTimers()
    }
  })
})

describe('changed keys', () => {
  const forgetful = () => {
    const forgotten: string[][] = []
    // Only `forget` is called.
    const authenticator = { forget: (hashes: string[]) => forgotten.push(hashes) } as unknown as Authenticator
    return { forgotten, authenticator }
  }

  it('are forgotten by every process, by the one that changed them before anything is sent', async () => {
    const [here, there] = [forgetful(), forgetful()]
    const announce = await shareKeyChanges(state, here.authenticator)
    await shareKeyChanges(state, there.authenticator)
    vi.spyOn(state, 'publish').mockImplementationOnce(async () => {
      expect(here.forgotten).toEqual([['one', 'two']])
      expect(there.forgotten).toEqual([])
    })
    announce(['one', 'two'])
    announce(['three'])
    expect(here.forgotten[0]).toEqual(['one', 'two'])
    expect(there.forgotten).toEqual([['three']])
  })
})
