import { fitGuarantee, pickAll, pool, randomFrom, shuffled } from '../../router/dist/measure.js'

const splits = 100
const promise = { epsilon: 0.02, delta: 0.1 }
/** The 90 % quantile of the normal distribution. */
const normal90 = 1.2816

/**
 * How often the promise holds: calibrated on half of unseen rows, 100 times. `pooled` counts the shortfall over calibration and
 * other rows together, `apart` over the others alone.
 */
export function measureGuarantee(validation, test, reference, costRef, seed) {
  const all = pool([validation, test])
  let pooled = 0
  let apart = 0
  let saved = 0
  for (let split = 0; split < splits; split++) {
    const order = shuffled(all.rows, randomFrom(1_000 * seed + split))
    const half = Math.floor(all.rows / 2)
    const lambda = fitGuarantee(take(all, order.slice(0, half)), reference, costRef, promise).lambda
    const rest = shortfall(take(all, order.slice(half)), lambda, reference, costRef)
    const whole = shortfall(all, lambda, reference, costRef)
    if (rest.loss <= promise.epsilon) apart++
    if (whole.loss <= promise.epsilon) pooled++
    saved += whole.saved / splits
  }
  return { pooled: pooled / splits, apart: apart / splits, saved }
}

function shortfall(predictions, lambda, reference, costRef) {
  const { rows, models, scores, paid } = predictions
  if (lambda === null) return { loss: 0, saved: 0 }
  const picks = pickAll(holdFloor(predictions, reference), lambda, costRef)
  let loss = 0
  let cost = 0
  let base = 0
  for (let row = 0; row < rows; row++) {
    loss += scores[row * models + reference] - scores[row * models + picks[row]]
    cost += paid[row * models + picks[row]]
    base += paid[row * models + reference]
  }
  return { loss: loss / rows, saved: 1 - cost / base }
}

/** As served: a model that is expected to fall too far below the reference on an ask, doubt included, is no candidate. */
function holdFloor(predictions, reference) {
  const { models, quality, sigma } = predictions
  const floored = quality.map((q, at) => {
    const own = at - (at % models) + reference
    const [low, base] = [q - normal90 * sigma[at], quality[own] - normal90 * sigma[own]]
    return low >= base - promise.epsilon - 0.05 ? q : -1
  })
  return { ...predictions, quality: floored }
}

function take(predictions, rows) {
  const { models } = predictions
  const pick = (values) => {
    const result = new Float64Array(rows.length * models)
    rows.forEach((row, at) => {
      result.set(values.subarray(row * models, (row + 1) * models), at * models)
    })
    return result
  }
  return {
    ...predictions,
    rows: rows.length,
    quality: pick(predictions.quality),
    sigma: pick(predictions.sigma),
    cost: pick(predictions.cost),
    scores: pick(predictions.scores),
    paid: pick(predictions.paid),
    weights: pick(predictions.weights),
  }
}
