/** Lanczos' approximation with g = 7 and nine terms (Godfrey's coefficients); relative error below 1e-14. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  let sum: number = lanczos[0]
  for (let term = 1; term < lanczos.length; term += 1) sum += (lanczos[term] ?? 0) / (shifted + term)
  const t = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum)
}

const tiny = 1e-300
const precision = 1e-16
const maxTerms = 10_000

/** Lentz's evaluation of a continued fraction b0 + a1/(b1 + a2/(b2 + …)), given by its terms from 1. */
export function continuedFraction(
  first: number,
  term: (n: number) => readonly [a: number, b: number],
): number {
  let value = first === 0 ? tiny : first
  let c = value
  let d = 0
  for (let n = 1; n < maxTerms; n += 1) {
    const [a, b] = term(n)
    d = b + a * d
    d = 1 / (d === 0 ? tiny : d)
    c = b + a / c
    if (c === 0) c = tiny
    const step = c * d
    value *= step
    if (Math.abs(step - 1) < precision) break
  }
  return value
}
