import { describe, expect, it } from 'vitest'
import { randomFrom } from '../training/random.ts'
import { driftWidening, earlierEpochShare, noDrift, watchDrift } from './drift.ts'

/** A model that passes `before` of its asks, and from `change` on `after` of them, believed by a shrunk running mean. */
function live(seed: number, before: number, after: number, change: number, length: number, forgets: boolean) {
  const random = randomFrom(seed)
  let drift = noDrift
  let [weight, reward] = [20, 20 * before]
  const alarms: number[] = []
  for (let at = 0; at < length; at++) {
    const y = random.next() < (at < change ? before : after) ? 1 : 0
    const { state, isAlarm } = watchDrift(drift, y - reward / weight)
    drift = state
    if (isAlarm) alarms.push(at)
    if (isAlarm && forgets) [weight, reward] = [weight * earlierEpochShare, reward * earlierEpochShare]
    weight += 1
    reward += y
  }
  return { alarms, believed: reward / weight, drift }
}

const seeds = Array.from({ length: 20 }, (_, seed) => seed)

describe('drift', () => {
  it('is seen within 40 rewards of a model that changed, in both directions, four times of five', () => {
    const isSeen = (seed: number, before: number, after: number): boolean =>
      live(seed, before, after, 200, 260, true).alarms.some((at) => at >= 200 && at < 240)
    expect(seeds.filter((seed) => isSeen(seed, 0.8, 0.4)).length).toBeGreaterThanOrEqual(16)
    expect(seeds.filter((seed) => isSeen(seed, 0.3, 0.8)).length).toBeGreaterThanOrEqual(16)
  })

  it('is not taken for an estimate that is merely wrong', () => {
    let state = noDrift
    for (let at = 0; at < 400; at++) {
      const watched = watchDrift(state, at % 2 === 0 ? 0.4 : 0.5)
      expect(watched.isAlarm).toBe(false)
      state = watched.state
    }
  })

  it('is rarely seen where there is none', () => {
    const alarms = seeds.reduce((sum, seed) => sum + live(seed, 0.8, 0.8, 0, 200, true).alarms.length, 0)
    expect(alarms).toBeLessThanOrEqual(20)
  })

  it('brings what is believed to the new truth soon, where without it the past would outweigh it', () => {
    const error = (forgets: boolean): number =>
      seeds.reduce((sum, seed) => sum + Math.abs(live(seed, 0.8, 0.4, 400, 500, forgets).believed - 0.4), 0) /
      seeds.length
    expect(error(true)).toBeLessThan(0.12)
    expect(error(false)).toBeGreaterThan(0.2)
  })

  it('widens the doubt until thirty rewards are in', () => {
    expect(driftWidening(noDrift)).toBe(0)
    expect(driftWidening({ ...noDrift, epoch: 1 })).toBe(0.1)
    expect(driftWidening({ ...noDrift, epoch: 1, rewards: 30 })).toBe(0)
  })
})
