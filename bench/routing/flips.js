import {
  createPoint,
  FeatureExtractor,
  openEnsemble,
  plainShape,
  project,
} from '../../router/dist/measure.js'

/** Changes that leave the question what it is. Harness blocks are taken out before features are computed. */
const changes = {
  blanks: (text) => `  ${text.replaceAll(' ', '  ').replaceAll('\n', '\n\n')}\n\n`,
  newline: (text) => `${text}\n`,
  case: (text) => text.toLowerCase(),
  prefix: (text) => `Please help me with this: ${text}`,
  suffix: (text) => `${text}\nThank you very much!`,
}

/** Share of asks whose pick changes, and of those whose utility then falls by more than two points, by change. */
export function measureFlips({ matrix }, test, bundle, lambda) {
  const model = openEnsemble(bundle)
  const extractor = new FeatureExtractor()
  const point = createPoint()
  const width = matrix.models.length
  const utilities = (text) => {
    project(extractor.extract(text, plainShape), bundle.weights.space, point)
    const { quality, cost } = model.predict(point)
    return Float64Array.from(
      { length: width },
      (_, at) => quality[at] - (lambda * cost[at]) / bundle.costRefUsd,
    )
  }
  const bestOf = (values) => values.indexOf(Math.max(...values))
  return Object.fromEntries(
    Object.entries(changes).map(([name, change]) => {
      let flips = 0
      let losses = 0
      for (const position of test) {
        const { prompt } = matrix.rows[position]
        const before = utilities(prompt)
        const own = bestOf(before)
        const other = bestOf(utilities(change(prompt)))
        if (own === other) continue
        flips++
        if (before[own] - before[other] > 0.02) losses++
      }
      return [name, { flips: flips / test.length, losses: losses / test.length }]
    }),
  )
}
