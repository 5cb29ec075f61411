import { describe, expect, it } from 'vitest'
import { randomFrom } from '../training/random.ts'
import { analyseExperiment, differenceInterval, type VariantOutcomes } from './experiment-analysis.ts'

const passes = (size: number, rate: number, seed: number): number[] => {
  const random = randomFrom(seed)
  return Array.from({ length: size }, () => (random.next() < rate ? 1 : 0))
}

const variant = (name: string, patch: Partial<VariantOutcomes> = {}): VariantOutcomes => ({
  ...{ name, weight: 50, units: 500, qualities: passes(500, 0.8, 1), costPerSuccess: 1 },
  ...{ requests: 1_000, errors: 10, p95Ms: 1_000 },
  ...patch,
})
const terms = { margin: 0.01, minSamples: 200, isOldEnough: true }
const analyse = (challenger: Partial<VariantOutcomes>, patch = {}) =>
  analyseExperiment([variant('control'), variant('challenger', challenger)], { ...terms, ...patch })

describe('the interval of a difference', () => {
  it('holds at every look, in far more than nineteen of twenty experiments of no difference', () => {
    const wrong = Array.from({ length: 100 }, (_, seed) => seed).filter((seed) => {
      const [one, other] = [passes(400, 0.8, 2 * seed), passes(400, 0.8, 2 * seed + 1)]
      return Array.from({ length: 38 }, (_, look) => 20 + 10 * look).some((size) => {
        const [low, high] = differenceInterval(one.slice(0, size), other.slice(0, size), 200) ?? [-1, 1]
        return low > 0 || high < 0
      })
    })
    expect(wrong.length).toBeLessThanOrEqual(5)
  })

  it('is narrowest, for its size, where the experiment was planned to end', () => {
    const width = (planned: number): number => {
      const [low, high] = differenceInterval(passes(200, 0.5, 1), passes(200, 0.5, 2), planned) ?? [0, 9]
      return high - low
    }
    expect(width(200)).toBeLessThan(width(20_000))
    expect(width(200)).toBeLessThan(width(5))
    expect(differenceInterval([1], [1, 0], 10)).toBeNull()
  })
})

describe('an experiment', () => {
  it('finds a challenger better when quality is kept and success got cheaper', () => {
    const many = { qualities: passes(60_000, 0.82, 3), costPerSuccess: 0.5 }
    const report = analyseExperiment(
      [variant('control', { qualities: passes(60_000, 0.8, 4) }), variant('challenger', many)],
      terms,
    )
    expect(report).toMatchObject({ isComplete: true, isSampleRatioOff: false })
    expect(report.challengers).toMatchObject([
      { isBetter: true, breach: null, costPerSuccessDifference: -0.5 },
    ])
    expect(analyse({ ...many, costPerSuccess: 2 }).challengers[0]?.isBetter).toBe(false)
    expect(analyse({ qualities: passes(500, 0.8, 5), costPerSuccess: 0.5 }).challengers[0]?.isBetter).toBe(
      false,
    )
  })

  it.each([
    ['error_rate', { errors: 31 }],
    ['latency', { p95Ms: 1_301 }],
    ['quality', { qualities: passes(500, 0.3, 6) }],
  ] as const)('notices that a challenger broke the guard %s', (breach, patch) => {
    expect(analyse(patch).challengers[0]?.breach).toBe(breach)
  })

  it('takes no guard for broken that few requests seem to have broken', () => {
    expect(analyse({ requests: 20, errors: 5, p95Ms: 9_000 }).challengers[0]?.breach).toBeNull()
    expect(analyse({ qualities: [0, 0, 1] }).challengers[0]?.breach).toBeNull()
  })

  it('notices a split that is not the one that was asked for', () => {
    expect(analyse({ units: 490 }).isSampleRatioOff).toBe(false)
    expect(analyse({ units: 300 }).isSampleRatioOff).toBe(true)
    const three = [variant('a', { weight: 80 }), variant('b', { weight: 10 }), variant('c', { weight: 10 })]
    expect(analyseExperiment(three, terms).isSampleRatioOff).toBe(true)
    const even = [variant('a'), variant('b', { units: 510 }), variant('c', { units: 505 })]
    // χ² = 0.0990 with two degrees of freedom.
    expect(analyseExperiment(even, terms).sampleRatioP).toBeCloseTo(0.9517, 3)
  })

  it('is complete when every variant has been judged enough and it is old enough', () => {
    expect(analyse({}, { isOldEnough: false }).isComplete).toBe(false)
    expect(analyse({ qualities: passes(199, 0.8, 1) }).isComplete).toBe(false)
  })
})
