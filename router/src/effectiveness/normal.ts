import { continuedFraction } from './special-functions.ts'

/** Where the series and the continued fraction of erfc are both exact to double precision. */
const seriesUpTo = 2.5

/** The two-sided p-value of a standard normal statistic: P(|Z| ≥ |z|) = erfc(|z|/√2). */
export function twoSidedP(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  return x < seriesUpTo ? 1 - errorFunction(x) : complement(x)
}

/** erf by its Maclaurin series, 2/√π · e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!; all terms are positive. */
function errorFunction(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; term > sum * 1e-17; n += 1) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc by Laplace's continued fraction. */
function complement(x: number): number {
  const fraction = continuedFraction(x, (n) => [n / 2, x])
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}
