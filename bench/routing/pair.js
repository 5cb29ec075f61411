import {
  defaultBundleOptions,
  openEnsemble,
  openHead,
  predictRows,
  randomFrom,
  shuffled,
  trainAndValidate,
} from '../../router/dist/measure.js'

const hybrid = 'llmrouter-hybrid'

/**
 * Two models, 70 % to train on: the area under the performance gap recovered, over the share sent to the strong one. Of the default
 * and the strategy for pairs the one counts that was better in cross-validation; both are told.
 */
export function measurePair(featured, seed) {
  const { rows } = featured.matrix
  const order = shuffled(rows.length, randomFrom(seed))
  const cut = Math.floor(rows.length * 0.7)
  const options = { ...defaultBundleOptions, seed, strategies: ['llmrouter-auto', hybrid] }
  const { bundle, validation, heads } = trainAndValidate(featured, order.slice(0, cut), options)
  const test = order.slice(cut)
  const strong = bundle.weights.meanScores[1] >= bundle.weights.meanScores[0] ? 1 : 0
  const auto = recover(predictRows(openEnsemble(bundle), featured, test), strong)
  const pair = recover(predictRows(openHead(bundle, hybrid), featured, test), strong)
  const usesPair = recover(heads.get(hybrid), strong).apgr > recover(validation, strong).apgr
  return {
    seed,
    rows: { seen: cut, test: test.length },
    ...(usesPair ? pair : auto),
    used: usesPair ? hybrid : 'llmrouter-auto',
    auto: auto.apgr,
    hybrid: pair.apgr,
  }
}

function recover({ rows, quality, scores }, strong) {
  const weak = 1 - strong
  const gains = Array.from({ length: rows }, (_, row) => quality[2 * row + strong] - quality[2 * row + weak])
  const bySize = [...gains.keys()].sort((left, right) => gains[right] - gains[left])
  const mean = (model) => bySize.reduce((sum, row) => sum + scores[2 * row + model], 0) / rows
  const [low, high] = [mean(weak), mean(strong)]
  let recovered = 0
  let area = 0
  const share = { half: null, eighty: null }
  bySize.forEach((row, index) => {
    recovered += (scores[2 * row + strong] - scores[2 * row + weak]) / rows
    const gap = recovered / (high - low)
    area += gap / rows
    share.half ??= gap >= 0.5 ? (index + 1) / rows : null
    share.eighty ??= gap >= 0.8 ? (index + 1) / rows : null
  })
  return { apgr: area, cpt50: share.half, cpt80: share.eighty }
}
