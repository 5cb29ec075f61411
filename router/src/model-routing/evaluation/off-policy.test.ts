import { describe, expect, it } from 'vitest'
import { randomFrom } from '../training/random.ts'
import { evaluatePolicy, type LoggedOutcome } from './off-policy.ts'

/** Two models; asks of kind 0 are done well by the first, of kind 1 by the second. Logged by chance. */
const truth = [
  [0.9, 0.3],
  [0.2, 0.8],
] as const

function log(size: number, seed: number, share: number, expected: readonly (readonly number[])[]) {
  const random = randomFrom(seed)
  const policyOf = (kind: number): readonly number[] => (kind === 0 ? [1, 0] : [0, 1])
  return Array.from({ length: size }, (_, index): LoggedOutcome => {
    const kind = random.next() < 0.5 ? 0 : 1
    const logged = random.next() < share ? 0 : 1
    const score = random.next() < (truth[kind]?.[logged] ?? 0) ? 1 : 0
    return {
      ...{ cluster: `c${index}`, logged, score, policy: policyOf(kind), expected: expected[kind] ?? [] },
      ...{ propensity: logged === 0 ? share : 1 - share, costs: [0.01, 0.1] },
    }
  })
}

const flat = [
  [0.5, 0.5],
  [0.5, 0.5],
]

describe('the value of a policy that did not run', () => {
  it('is found from what another one did, however often it chose which', () => {
    for (const share of [0.5, 0.8]) {
      const value = evaluatePolicy(log(4_000, 1, share, flat))
      expect(value.snips, String(share)).toBeCloseTo(0.85, 1)
      expect(value.doublyRobust).toBeCloseTo(0.85, 1)
      expect(value.cost).toBeCloseTo(0.055, 2)
      expect(value.refusal).toBeNull()
    }
  })

  it('has an interval that holds the truth, and is narrower where the estimates are good', () => {
    const width = ([low, high]: readonly [number, number] | readonly [] = []): number =>
      (high ?? 0) - (low ?? 0)
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const values = seeds.map((seed) => evaluatePolicy(log(600, seed, 0.5, truth), seed))
    const held = values.filter(({ doublyRobustInterval: interval }) => {
      const [low = 1, high = 0] = interval ?? []
      return low <= 0.85 && 0.85 <= high
    })
    expect(held.length).toBeGreaterThanOrEqual(17)
    const blind = evaluatePolicy(log(600, 3, 0.5, flat), 3)
    expect(width(values[3]?.doublyRobustInterval ?? [])).toBeLessThan(width(blind.doublyRobustInterval ?? []))
  })

  it('is refused where the log hardly ever did what the policy would', () => {
    expect(evaluatePolicy(log(60, 1, 0.5, flat)).refusal).toBe('too_little_overlap')
    expect(evaluatePolicy([])).toMatchObject({ rows: 0, snips: null, cost: null })
    const [one] = log(1, 1, 0.5, flat)
    expect(() => evaluatePolicy(one === undefined ? [] : [{ ...one, propensity: 0 }])).toThrow('above 0')
  })
})
