import { describe, expect, it } from 'vitest'
import { fitCascade, replayCascade } from './fit-cascade.ts'
import type { OutcomeRow } from './outcome-matrix.ts'
import { randomFrom } from './random.ts'

const [strong, good, fair] = [0, 1, 2]
const costs = [1, 0.1, 0.08, 0.01]

/** Half of the asks are easy: the good model is as right as the strong one. Wrong answers differ from each other. */
function drawAsks(size: number, seed: number) {
  const random = randomFrom(seed)
  const chances = { easy: [0.95, 0.95, 0.85, 0.3], hard: [0.9, 0.6, 0.6, 0.2] }
  const quality = new Float64Array(size * 4)
  const rows = Array.from({ length: size }, (_, index): OutcomeRow => {
    const chance = index % 2 === 0 ? chances.easy : chances.hard
    quality.set(chance, index * 4)
    const scores = chance.map((share) => (random.next() < share ? 1 : 0))
    const answers = scores.map((score, model) => (score === 1 ? 0 : model + 1))
    return {
      ...{ id: `${index}`, task: null, prompt: '', features: null, outputTokens: null, weights: null },
      ...{ scores, costs, answers },
    }
  })
  return { rows, predictions: { models: 4, quality } }
}

describe('the agreement cascade of a bundle', () => {
  const { rows, predictions } = drawAsks(4_000, 1)
  const fitted = fitCascade(rows, predictions, 1)

  it('is of the pair that keeps the quality of the best model, not of the cheapest two', () => {
    expect(fitted?.cascade).toMatchObject({ first: fair, second: good, strong })
  })

  it('asks one cheap model alone where the strong one gains nothing', () => {
    const { leastGain } = fitted?.cascade ?? { leastGain: Number.NaN }
    expect(leastGain).toBeGreaterThanOrEqual(0)
    expect(leastGain).toBeLessThan(0.3)
  })

  it('keeps quality and saves as much on asks it has not seen', () => {
    if (fitted === null) throw new Error('no cascade was found')
    const unseen = drawAsks(4_000, 2)
    const { quality, referenceQuality, cost, referenceCost } = replayCascade(
      unseen.rows,
      unseen.predictions,
      fitted.cascade,
    )
    const plain = replayCascade(unseen.rows, unseen.predictions, { ...fitted.cascade, leastGain: -2 })
    expect(quality / referenceQuality).toBeGreaterThan(0.99)
    expect(cost).toBeLessThan(plain.cost)
    expect(cost).toBeLessThan(0.5 * referenceCost)
  })

  it('is none where the rows do not tell what was answered, or are few, or no pair is good enough', () => {
    const silent = rows.map((row, at) => (at === 7 ? { ...row, answers: null } : row))
    expect(fitCascade(silent, predictions, 1)).toBeNull()
    const partial = rows.map((row, at) => (at === 7 ? { ...row, scores: [1, null, 1, 0] } : row))
    expect(fitCascade(partial, predictions, 1)).toBeNull()
    expect(fitCascade(rows.slice(0, 99), predictions, 1)).toBeNull()
    const dear = rows.map((row) => ({ ...row, costs: [1, 0.5, 0.5, 0.5] }))
    expect(fitCascade(dear, predictions, 1)).toBeNull()
  })
})
