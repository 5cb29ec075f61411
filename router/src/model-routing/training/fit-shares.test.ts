import { expect, it } from 'vitest'
import { openBundle, packBundle } from '../bundle/bundle-files.ts'
import type { OutcomeMatrix } from './outcome-matrix.ts'
import { randomFrom } from './random.ts'
import { defaultBundleOptions, trainBundle } from './train-bundle.ts'
import { featureMatrix } from './training-set.ts'

const kinds = ['poem in gentle rhymes', 'proof of a theorem'] as const
const words = Array.from({ length: 400 }, (_, index) => `w${String.fromCharCode(97 + (index % 26))}${index}`)

/** Which model is right depends on the kind of ask; the other words say nothing, or how hard it is for every model. */
function drawMatrix(rows: number): OutcomeMatrix {
  const random = randomFrom(3)
  return {
    models: ['small', 'middle', 'large'],
    rows: Array.from({ length: rows }, (_, index) => {
      const kind = index % 2
      const isHard = random.next() < 0.5
      const about = Array.from({ length: 8 }, () => words[Math.floor(random.next() * words.length)])
      const chances = kind === 0 ? [0.9, 0.7, 0.7] : [0.5, 0.7, 0.9]
      return {
        ...{ id: `${index}`, task: `kind-${kind}`, features: null, answers: null, weights: null },
        prompt: `write a ${kinds[kind]} about ${about.join(' ')} ${isHard ? 'with utmost rigour' : 'in brief'}`,
        scores: chances.map((chance) => (random.next() < chance * (isHard ? 0.5 : 1) ? 1 : 0)),
        costs: [0.001, 0.002, 0.003],
        outputTokens: [1, 1, 1],
      }
    }),
  }
}

const sameDigest = (): string => '0'.repeat(16)

it('lets those parts of an estimate count that tell models apart', () => {
  const featured = featureMatrix(drawMatrix(600))
  const positions = featured.matrix.rows.map((_, row) => row)
  const bundle = trainBundle(featured, positions, defaultBundleOptions)
  const { domain, knn, ridge } = bundle.weights.shares
  expect(domain).toBeGreaterThan(0.5)
  expect(domain).toBeGreaterThan(ridge)
  expect(Math.min(knn, ridge)).toBeGreaterThanOrEqual(0)

  // A bundle of before, with one factor on parts that are all the same.
  const before = { ...bundle, weights: { ...bundle.weights, shares: { domain: 0.6, knn: 0.3, ridge: 0.6 } } }
  const stamp = { createdAt: '2026-01-01', createdBy: 'test', goldenAsks: ['write a poem in gentle rhymes'] }
  const files = packBundle(before, stamp, sameDigest)
  const { shares: _shares, ...content } = JSON.parse(files['ensemble.json'] ?? '')
  const old = { ...files, 'ensemble.json': JSON.stringify({ ...content, slope: 1.2 }) }
  const { shares } = openBundle(old, sameDigest).bundle.weights
  expect(shares.domain).toBeCloseTo(0.6)
  expect(shares.knn).toBeCloseTo(0.3)
  expect(() =>
    openBundle({ ...files, 'ensemble.json': JSON.stringify({ ...content, slope: -1 }) }, sameDigest),
  ).toThrow('shares')
})
