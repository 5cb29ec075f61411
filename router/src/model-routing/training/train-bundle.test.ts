import { beforeAll, describe, expect, it } from 'vitest'
import { openEnsemble } from '../bundle/open-ensemble.ts'
import { predictRows } from '../evaluation/predictions.ts'
import { pickAll } from '../evaluation/trade-off.ts'
import type { OutcomeMatrix } from './outcome-matrix.ts'
import { randomFrom } from './random.ts'
import { defaultBundleOptions, trainAndValidate } from './train-bundle.ts'
import { featureMatrix } from './training-set.ts'

const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm', 'ash', 'fir']
const manners = ['briefly', 'slowly', 'neatly', 'plainly', 'boldly', 'calmly', 'firmly']
const costs = [0.0004, 0.000004]

const about = (index: number): string => `the ${subjects[index % 10]}, ${manners[index % 7]}`
const poem = (index: number): string => `write a gentle poem in rhymes about ${about(index)}`
const sum = (index: number): string => `calculate the integral and prove the equation of ${about(index)}`
const row = (id: string, prompt: string) => ({ id, prompt, task: null, features: null, answers: null })

/** What a gateway logs: each ask was answered by one model, by chance. Only the large one writes poems; both can do sums. */
function drawLog(size: number, seed: number): OutcomeMatrix {
  const random = randomFrom(seed)
  return {
    models: ['large', 'small'],
    rows: Array.from({ length: size }, (_, index) => {
      const isPoem = index % 2 === 0
      const arm = random.next() < 0.5 ? 0 : 1
      const only = (values: readonly number[]) => values.map((value, model) => (model === arm ? value : null))
      return {
        ...row(`${index}`, isPoem ? poem(index >> 1) : sum(index >> 1)),
        weights: only([2, 2]) as number[],
        scores: only([1, isPoem ? 0 : 1]),
        costs: only(costs),
        outputTokens: only([7, 7]),
      }
    }),
  }
}

const unseen = Array.from({ length: 10 }, (_, index) => [poem(200 + index), sum(200 + index)]).flat()

/** A bundle trained on a log of 160 asks, and the models it picks for the unseen ones at the λ of `auto`. */
function trainOnLog(seed: number) {
  const log = drawLog(160, seed)
  const nothing = { scores: [null, null], costs: [null, null], outputTokens: null, weights: null }
  const asks = unseen.map((prompt) => ({ ...row(prompt, prompt), ...nothing }))
  const featured = featureMatrix({ ...log, rows: [...log.rows, ...asks] })
  const { bundle, validation } = trainAndValidate(
    featured,
    log.rows.map((_, at) => at),
    defaultBundleOptions,
  )
  const predictions = predictRows(
    openEnsemble(bundle),
    featured,
    asks.map((_, at) => log.rows.length + at),
  )
  const lambda = bundle.profiles['auto']?.lambda ?? 0
  const picks = [...pickAll(predictions, lambda, bundle.costRefUsd)].map((pick) => log.models[pick])
  return { seed, lambda, validation, picks }
}

describe('a log of one model an ask', () => {
  let trained: readonly ReturnType<typeof trainOnLog>[] = []

  beforeAll(() => {
    trained = Array.from({ length: 8 }, (_, seed) => trainOnLog(seed))
  }, 120_000)

  it('tells what each costs, and a λ that pays for the better one', () => {
    for (const { seed, lambda, validation } of trained) {
      validation.cost.forEach((cost, at) => {
        expect(cost / (costs[at % 2] as number), `seed ${seed}`).toBeCloseTo(1, 6)
      })
      // Above 1.01 the dear model is not worth a whole point of quality.
      expect(lambda, `seed ${seed}`).toBeLessThan(1)
    }
  })

  it('sends unseen asks of both kinds where they belong, whichever model chance had asked before', () => {
    for (const { seed, picks } of trained) {
      const right = picks.filter((pick, at) => pick === (at % 2 === 0 ? 'large' : 'small'))
      expect(right.length, `seed ${seed}`).toBeGreaterThanOrEqual(19)
    }
  })
})
