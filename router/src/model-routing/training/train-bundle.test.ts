import { expect, it } from 'vitest'
import type { OutcomeMatrix } from './outcome-matrix.ts'
import { randomFrom } from './random.ts'
import { defaultBundleOptions, trainAndValidate } from './train-bundle.ts'
import { featureMatrix } from './training-set.ts'

const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm', 'ash', 'fir']
const manners = ['briefly', 'slowly', 'neatly', 'plainly', 'boldly', 'calmly', 'firmly']
const costs = [0.0004, 0.000004]

/** What a gateway logs: each ask was answered by one model, by chance. Only the large one writes poems; both can do sums. */
function drawLog(size: number, seed: number): OutcomeMatrix {
  const random = randomFrom(seed)
  return {
    models: ['large', 'small'],
    rows: Array.from({ length: size }, (_, index) => {
      const isPoem = index % 2 === 0
      const arm = random.next() < 0.5 ? 0 : 1
      const only = (values: readonly number[]) => values.map((value, model) => (model === arm ? value : null))
      const about = `the ${subjects[(index >> 1) % 10]}, ${manners[(index >> 1) % 7]}`
      return {
        ...{ id: `${index}`, task: null, features: null, answers: null, weights: only([2, 2]) as number[] },
        prompt: isPoem
          ? `write a gentle poem in rhymes about ${about}`
          : `calculate the integral of ${about}`,
        scores: only([1, isPoem ? 0 : 1]),
        costs: only(costs),
        outputTokens: only([7, 7]),
      }
    }),
  }
}

it('learns from a log of one model an ask what each costs, and a λ that pays for the better one', () => {
  for (let seed = 0; seed < 8; seed++) {
    const featured = featureMatrix(drawLog(160, seed))
    const positions = featured.matrix.rows.map((_, row) => row)
    const { bundle, validation } = trainAndValidate(featured, positions, defaultBundleOptions)
    validation.cost.forEach((cost, at) => {
      expect(cost / (costs[at % 2] as number), `seed ${seed}`).toBeCloseTo(1, 6)
    })
    // Above 1.01 the dear model is not worth a whole point of quality.
    expect(bundle.profiles['auto']?.lambda, `seed ${seed}`).toBeLessThan(1)
  }
})
