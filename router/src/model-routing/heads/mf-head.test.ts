import { expect, it } from 'vitest'
import { openHead } from '../bundle/open-ensemble.ts'
import { createPoint, project } from '../features/feature-space.ts'
import { FeatureExtractor } from '../features/features.ts'
import { plainShape } from '../features/structured.ts'
import { distillNeighbours } from '../training/distill-neighbours.ts'
import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { trainEnsemble } from '../training/train-ensemble.ts'
import { featureMatrix, prepareTraining } from '../training/training-set.ts'
import { mfHead } from './mf-head.ts'

const models = ['best', 'good', 'fair', 'poor']

/** So many battles of two models, of which the first one wins all but every tenth or so. */
const battles = (count: number, first: number, second: number, lostEvery: number) =>
  Array.from({ length: count }, (_, index) => {
    const wins = index % lostEvery !== 0
    return models.map((_name, model) =>
      model === first ? Number(wins) : model === second ? Number(!wins) : null,
    )
  })

// The fair one meets only the poor one, and the good one only the best.
const fought = [...battles(120, 0, 1, 4), ...battles(120, 2, 3, 10), ...battles(40, 1, 2, 10)]
const matrix: OutcomeMatrix = {
  models,
  rows: fought.map((scores, index) => ({
    ...{ id: `${index}`, task: null, features: null, answers: null, weights: null, outputTokens: null },
    prompt: `what is ${index} plus ${index * 7}`,
    scores,
    costs: models.map(() => 0.001),
  })),
}

/** Mean estimate by model, over all asks. */
function estimate(loss: string): readonly number[] {
  const featured = featureMatrix(matrix)
  const set = prepareTraining(featured, [...matrix.rows.keys()])
  const { weights, rows } = trainEnsemble(set)
  const trained = {
    weights: mfHead.train(set, { seed: 1, args: { loss } }),
    ...{ profiles: {}, metrics: { quality_ratio: 0, cost_saved: 0, aiq: 0, ece: 0 } },
    shortfalls: { rows: 0, means: [], errors: [] },
  }
  const heads = new Map([[mfHead.strategy, trained]])
  const head = openHead({ weights, clusters: distillNeighbours(set, rows), heads }, mfHead.strategy)
  const point = createPoint()
  const extractor = new FeatureExtractor()
  const sums = new Float64Array(models.length)
  for (const { prompt } of matrix.rows) {
    project(extractor.extract(prompt, plainShape), weights.space, point)
    head.predict(point).quality.forEach((quality, model) => {
      sums[model] = (sums[model] as number) + quality
    })
  }
  return [...sums].map((sum) => sum / matrix.rows.length)
}

it('with `loss: pairs` learns from battles who is better, whomever they fought', () => {
  const [best = 0, good = 0, fair = 0, poor = 0] = estimate('pairs')
  expect([best > good, good > fair, fair > poor]).toEqual([true, true, true])
  // The level is that of all scores: of two that fight one wins.
  expect((best + good + fair + poor) / 4).toBeCloseTo(0.5, 1)
  const [, byScore = 0, fairByScore = 0] = estimate('scores')
  expect(fairByScore).toBeGreaterThan(byScore)
  expect(() => estimate('triples')).toThrow('loss must be one of scores, pairs')
})
