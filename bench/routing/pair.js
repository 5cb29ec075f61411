import {
  defaultBundleOptions,
  openEnsemble,
  predictRows,
  randomFrom,
  shuffled,
  trainBundle,
} from '../../router/dist/measure.js'

/** Two models, 70 % to train on: the area under the performance gap recovered, over the share sent to the strong one. */
export function measurePair(featured, seed) {
  const { rows } = featured.matrix
  const order = shuffled(rows.length, randomFrom(seed))
  const cut = Math.floor(rows.length * 0.7)
  const bundle = trainBundle(featured, order.slice(0, cut), { ...defaultBundleOptions, seed })
  const test = order.slice(cut)
  const { quality, scores } = predictRows(openEnsemble(bundle), featured, test)
  const strong = bundle.weights.meanScores[1] >= bundle.weights.meanScores[0] ? 1 : 0
  const weak = 1 - strong
  const gains = test.map((_, row) => quality[2 * row + strong] - quality[2 * row + weak])
  const bySize = [...gains.keys()].sort((left, right) => gains[right] - gains[left])
  const mean = (model) => test.reduce((sum, _, row) => sum + scores[2 * row + model], 0) / test.length
  const [low, high] = [mean(weak), mean(strong)]
  let recovered = 0
  let area = 0
  const share = { half: null, eighty: null }
  bySize.forEach((row, index) => {
    recovered += (scores[2 * row + strong] - scores[2 * row + weak]) / test.length
    const gap = recovered / (high - low)
    area += gap / test.length
    share.half ??= gap >= 0.5 ? (index + 1) / test.length : null
    share.eighty ??= gap >= 0.8 ? (index + 1) / test.length : null
  })
  return { seed, rows: { seen: cut, test: test.length }, apgr: area, cpt50: share.half, cpt80: share.eighty }
}
