import { describe, expect, it } from 'vitest'
import { compareVersions, requiredPerArm } from './compare.ts'
import { judgeTrend, trendOf } from './trend.ts'

const of = (passes: number, judged: number) => ({ passes, judged })

describe('the trend', () => {
  it.each([
    ['improving', of(30, 60), of(42, 60)],
    ['degrading', of(42, 60), of(30, 60)],
    ['stable', of(42, 60), of(40, 60)],
    // z is 1.61, no more than 1.645 standard errors.
    ['stable', of(100, 200), of(116, 200)],
    // Significant, but a change of less than 0.05.
    ['stable', of(5_000, 10_000), of(5_300, 10_000)],
    ['insufficient_data', of(19, 19), of(2, 60)],
    ['insufficient_data', of(2, 60), of(19, 19)],
  ] as const)('is %s from %j to %j', (status, earlier, later) => {
    expect(judgeTrend(earlier, later).status).toBe(status)
  })

  it('counts a change of exactly 0.05, whatever binary fractions make of it', () => {
    expect(judgeTrend(of(800, 1000), of(850, 1000)).status).toBe('improving')
    expect(judgeTrend(of(850, 1000), of(800, 1000)).status).toBe('degrading')
  })

  it('takes the exact test where an expected cell is below 5', () => {
    expect(judgeTrend(of(25, 25), of(20, 25))).toMatchObject({
      status: 'degrading',
      test: 'fisher_exact',
      z: null,
    })
    expect(judgeTrend(of(25, 25), of(23, 25))).toMatchObject({ status: 'stable', test: 'fisher_exact' })
  })

  it('is shown as stable while there is too little data, with the counts beside it', () => {
    const detail = judgeTrend(of(0, 0), of(3, 3))
    expect(trendOf(detail)).toBe('stable')
    expect(detail).toEqual({
      status: 'insufficient_data',
      p1: null,
      n1: 0,
      p2: 1,
      n2: 3,
      z: null,
      pValue: null,
      test: null,
    })
    expect(trendOf(judgeTrend(of(30, 60), of(42, 60)))).toBe('improving')
  })
})

describe('the comparison of two versions', () => {
  it.each([
    ['improved', null, of(40, 60), of(50, 60)],
    ['regressed', null, of(50, 60), of(40, 60)],
    ['inconclusive', 'insufficient_data', of(19, 19), of(0, 60)],
    ['inconclusive', 'insufficient_data', of(0, 0), of(0, 0)],
    ['inconclusive', 'no_significant_difference', of(40, 60), of(42, 60)],
    ['inconclusive', 'effect_too_small', of(50_000, 100_000), of(50_900, 100_000)],
  ] as const)('is %s (%s) from %j to %j', (verdict, reason, baseline, candidate) => {
    expect(compareVersions(baseline, candidate)).toMatchObject({ verdict, reason })
  })

  it('follows alpha', () => {
    expect(compareVersions(of(40, 60), of(50, 60), [], 0.01).reason).toBe('no_significant_difference')
  })

  it('does not credit a version with what the models did', () => {
    // The candidate is worse under both models and better in sum, because it ran on the better one.
    const strata = [
      { baseline: of(192, 263), candidate: of(55, 80) },
      { baseline: of(81, 87), candidate: of(234, 270) },
    ]
    const comparison = compareVersions(of(273, 350), of(289, 350), strata)
    expect(comparison.delta).toBeGreaterThan(0)
    expect(comparison.stratified?.sign).toBe(-1)
    expect(comparison).toMatchObject({ verdict: 'inconclusive', reason: 'confounded' })
  })

  it('is not stratified by a single model', () => {
    const one = [{ baseline: of(40, 60), candidate: of(50, 60) }]
    expect(compareVersions(of(40, 60), of(50, 60), one).stratified).toBeNull()
  })

  it('says null, not zero, of what nobody judged', () => {
    expect(compareVersions(of(0, 0), of(3, 4))).toMatchObject({
      delta: null,
      deltaInterval: null,
      requiredPerArm: null,
      pValue: 1,
    })
  })

  it.each([
    [0.5, 1563],
    [0.8, 905],
    [0.96, 123],
    [0, 152],
    [1, null],
  ])('needs at a rate of %f so many of each: %i', (rate, expected) => {
    expect(requiredPerArm(rate)).toBe(expected)
  })
})
