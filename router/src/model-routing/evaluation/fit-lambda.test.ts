import { describe, expect, it } from 'vitest'
import { randomFrom } from '../training/random.ts'
import { fitLambda } from './fit-lambda.ts'
import type { Predictions } from './predictions.ts'
import { pickAll } from './trade-off.ts'

const [good, cheap] = [0, 1]

/** A good model at 1 $ and a cheap one that is 0 to 30 points worse, as is expected but for `optimism`. */
function draw(rows: number, seed: number, optimism: number) {
  const random = randomFrom(seed)
  const chances = new Float64Array(2 * rows)
  const quality = new Float64Array(2 * rows)
  for (let row = 0; row < rows; row++) {
    const gap = 0.3 * random.next()
    chances.set([0.85, 0.85 - gap], 2 * row)
    quality.set([0.85, 0.85 - gap + optimism], 2 * row)
  }
  const cost = Float64Array.from(chances, (_, at) => (at % 2 === good ? 1 : 0.1))
  const predictions: Predictions = {
    ...{ rows, models: 2, quality, cost, paid: cost },
    ...{ sigma: new Float64Array(2 * rows), maxSimilarity: new Float64Array(rows) },
    scores: chances.map((chance) => (random.next() < chance ? 1 : 0)),
    weights: new Float64Array(2 * rows).fill(1),
  }
  /** What the picks of a λ are really worth, without the luck of the outcomes. */
  const keeps = (lambda: number): number =>
    pickAll(predictions, lambda, 1).reduce((sum, pick, row) => sum + (chances[2 * row + pick] as number), 0) /
    (0.85 * rows)
  return { predictions, keeps }
}

const target = 0.97
const fitAll = (rows: number, optimism: number): readonly number[] =>
  Array.from({ length: 20 }, (_, seed) => {
    const { predictions, keeps } = draw(rows, seed, optimism)
    return keeps(fitLambda(predictions, good, target, 1).lambda)
  })
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

describe('λ for a share of the best quality', () => {
  it('keeps that share whatever luck a few hundred asks had', () => {
    const kept = fitAll(400, 0)
    expect(mean(kept)).toBeCloseTo(target, 2)
    // One standard error of the outcomes alone is nearly 2 points.
    expect(Math.sqrt(mean(kept.map((share) => (share - target) ** 2)))).toBeLessThan(0.013)
  })

  it('hears of estimates that are too kind to the cheap model, the more of it the more asks there are', () => {
    const many = mean(fitAll(5_000, 0.03))
    expect(many).toBeGreaterThan(target - 0.005)
    expect(many).toBeGreaterThan(mean(fitAll(200, 0.03)))
  })

  it('keeps away from where quality falls, though one more ask could be cheap just before', () => {
    // The cheap model is as good at one half and never right at the other, and looks a little better there at a single ask.
    const rows = 160
    const chances = Float64Array.from({ length: 2 * rows }, (_, at) => (at % 2 === good || at < rows ? 1 : 0))
    const quality = chances.map((chance, at) => (at === rows + cheap ? 0.15 : chance === 1 ? 1 : 0.05))
    const cost = Float64Array.from(chances, (_, at) => (at % 2 === good ? 1 : 0.01))
    const predictions: Predictions = {
      ...{ rows, models: 2, quality, cost, paid: cost, scores: chances },
      ...{ sigma: new Float64Array(2 * rows), maxSimilarity: new Float64Array(rows) },
      weights: new Float64Array(2 * rows).fill(1),
    }
    const { lambda } = fitLambda(predictions, good, 0.99, 1)
    const isCheap = (pick: number): boolean => pick === cheap
    expect(pickAll(predictions, lambda, 1).filter(isCheap)).toHaveLength(rows / 2)
    expect(pickAll(predictions, 1.9 * lambda, 1).filter(isCheap).length).toBeLessThanOrEqual(rows / 2 + 1)
  })

  it('pays for the best model where no saving keeps the share', () => {
    const { predictions } = draw(400, 1, 0)
    const quality = predictions.quality.map((value, at) => (at % 2 === cheap ? 0.2 : value))
    const scores = predictions.scores.map((score, at) => (at % 2 === cheap ? 0 : score))
    expect(
      pickAll(
        { ...predictions, quality },
        fitLambda({ ...predictions, quality, scores }, good, target, 1).lambda,
        1,
      ),
    ).toEqual(new Int32Array(400).fill(good))
  })
})
