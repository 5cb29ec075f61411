import { describe, expect, it } from 'vitest'
import { controlDiscoveries } from './benjamini-hochberg.ts'
import { betaDistribution, betaQuantile } from './beta.ts'
import { type Stratum, testStratified } from './cochran-mantel-haenszel.ts'
import { newcombeInterval, wilsonInterval } from './intervals.ts'
import { twoSidedP } from './normal.ts'
import { fisherExactP, testTwoProportions, twoProportionZ } from './two-proportions.ts'

// Expected values were computed once with SciPy 1.17.1 and statsmodels 0.15.0.
const digits = 9

const of = (passes: number, judged: number) => ({ passes, judged })

describe('the Beta distribution', () => {
  it.each([
    [0.05, 1, 1, 0.05],
    [0.05, 3.7, 1.3, 0.39544013270932316],
    [0.95, 3.7, 1.3, 0.9696868448495164],
    [0.05, 0.5, 9.5, 0.00021244796242273487],
    [0.95, 210.25, 31.5, 0.9034244116488857],
    [0.05, 1234.5, 4321.25, 0.21308603716250982],
    [0.05, 50, 0.200000001, 0.9794382342238541],
  ])('has its %f quantile of Beta(%f, %f) at %f', (p, a, b, expected) => {
    expect(betaQuantile(p, a, b)).toBeCloseTo(expected, digits)
  })

  it.each([
    [0.1, 2, 3, 0.0523],
    [0.9, 2, 3, 0.9963],
    [0.5, 0.3, 0.4, 0.5784917890443375],
    [0.999, 80, 2, 0.9969257496643231],
    [1e-6, 0.5, 0.5, 0.0006366198784709245],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('lies below %f with Beta(%f, %f) in a share of %f', (x, a, b, expected) => {
    expect(betaDistribution(x, a, b)).toBeCloseTo(expected, digits)
  })

  it('has quantiles that its distribution leads back from', () => {
    for (const a of [0.3, 1, 7, 90]) {
      for (const b of [0.4, 1, 12, 250]) {
        for (const p of [0.05, 0.5, 0.95]) {
          expect(betaDistribution(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, digits)
        }
      }
    }
  })
})

describe('the normal distribution', () => {
  it.each([
    [0, 1],
    [0.1, 0.920344325445942],
    [1, 0.31731050786291415],
    [-1.645, 0.09996981107824275],
    [1.96, 0.04999579029644087],
    [3, 0.0026997960632601866],
    [5, 5.733031437583866e-7],
    [8, 1.244192114854348e-15],
  ])('reaches %f on either side with probability %f', (z, expected) => {
    expect(twoSidedP(z) / expected).toBeCloseTo(1, digits)
  })
})

describe('intervals', () => {
  it.each([
    [0, 10, 0, 0.27754016876661647],
    [10, 10, 0.7224598312333836, 1],
    [7, 10, 0.3967732199795652, 0.8922107125137881],
    [45, 60, 0.6276768905451521, 0.8422361442158816],
    [123, 456, 0.2310489559934741, 0.31227204845675405],
    [0, 0, 0, 1],
  ])('Wilson: %i of %i', (passes, judged, low, high) => {
    const interval = wilsonInterval(of(passes, judged))
    expect(interval[0]).toBeCloseTo(low, digits)
    expect(interval[1]).toBeCloseTo(high, digits)
  })

  it.each([
    [40, 60, 50, 60, 0.011226223573025329, 0.3126421119039664],
    [0, 20, 5, 20, 0.03776060130748718, 0.4687050099580635],
    [19, 20, 20, 20, -0.11629393090952067, 0.23613589351256692],
    [300, 400, 280, 410, -0.128407908469854, -0.004947563968352359],
    [0, 0, 5, 20, -1, 1],
  ])('Newcombe: from %i of %i to %i of %i', (x1, n1, x2, n2, low, high) => {
    const interval = newcombeInterval(of(x1, n1), of(x2, n2))
    expect(interval[0]).toBeCloseTo(low, digits)
    expect(interval[1]).toBeCloseTo(high, digits)
  })
})

describe('two proportions', () => {
  it.each([
    [40, 60, 50, 60, 2.1081851067789206, 0.035014981019662404],
    [300, 400, 280, 410, -2.1165832541646994, 0.03429523257408778],
    [100, 200, 120, 200, 2.0100756305184238, 0.04442318485000609],
  ])('z: from %i of %i to %i of %i', (x1, n1, x2, n2, z, pValue) => {
    expect(twoProportionZ(of(x1, n1), of(x2, n2))).toBeCloseTo(z, digits)
    const tested = testTwoProportions(of(x1, n1), of(x2, n2))
    expect(tested.test).toBe('two_proportion_z')
    expect(tested.pValue).toBeCloseTo(pValue, digits)
  })

  it.each([
    [19, 20, 20, 20, 1],
    [18, 20, 10, 20, 0.013814147851967653],
    [0, 25, 5, 25, 0.05015197568389057],
    [24, 25, 15, 22, 0.018014978463146508],
    [3, 3, 0, 3, 0.1],
  ])('Fisher: from %i of %i to %i of %i', (x1, n1, x2, n2, pValue) => {
    expect(fisherExactP(of(x1, n1), of(x2, n2))).toBeCloseTo(pValue, digits)
  })

  it('are tested exactly where an expected cell is below 5, and at 5 no more', () => {
    expect(testTwoProportions(of(16, 20), of(15, 20)).test).toBe('fisher_exact')
    expect(testTwoProportions(of(15, 20), of(15, 20))).toEqual({ test: 'two_proportion_z', z: 0, pValue: 1 })
    expect(testTwoProportions(of(0, 0), of(15, 20)).pValue).toBe(1)
  })
})

describe('the Cochran–Mantel–Haenszel test', () => {
  const strata = (...rows: [number, number, number, number][]): Stratum[] =>
    rows.map(([x1, n1, x2, n2]) => ({ baseline: of(x1, n1), candidate: of(x2, n2) }))

  it.each([
    [
      strata([40, 60, 50, 60], [20, 50, 30, 55]),
      6.326102183981351,
      0.011897352012250506,
      2.088235294117647,
      1,
    ],
    [
      strata([192, 263, 55, 80], [81, 87, 234, 270]),
      2.433855515576142,
      0.11874052970979887,
      0.6911582629151578,
      -1,
    ],
  ])('weighs the strata of case %#', (rows, statistic, pValue, oddsRatio, sign) => {
    const tested = testStratified(rows)
    expect(tested.statistic).toBeCloseTo(statistic, digits)
    expect(tested.pValue).toBeCloseTo(pValue, digits)
    expect(tested.oddsRatio).toBeCloseTo(oddsRatio, digits)
    expect(tested.sign).toBe(sign)
  })

  it('says nothing where there is nothing to compare', () => {
    expect(testStratified(strata([0, 0, 5, 9], [3, 3, 4, 4]))).toEqual({
      statistic: 0,
      pValue: 1,
      oddsRatio: null,
      sign: 0,
    })
  })
})

describe('Benjamini–Hochberg', () => {
  it.each([
    [
      [0.01, 0.04, 0.03, 0.2, 0.5],
      [true, true, true, false, false],
    ],
    [
      [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216],
      [true, true, true, true, true, true, false, false, false, false],
    ],
    [[], []],
  ])('at q = 0.10 lets stand of %j', (pValues, expected) => {
    expect(controlDiscoveries(pValues, 0.1)).toEqual(expected)
  })
})
