import {
  createEnsembleScorer,
  decideModel,
  defaultBundleOptions,
  FeatureExtractor,
  featureMatrix,
  noLiveState,
  plainShape,
  trainBundle,
} from '../../router/dist/measure.js'

const longAsk = 2_000
const rounds = 40
const warmUp = 5

/** Features, scores and rule of one decision, in process; every ask differs from the one before. */
export function measureSpeed(matrix) {
  const featured = featureMatrix(matrix)
  const bundle = trainBundle(
    featured,
    matrix.rows.map((_, at) => at),
    defaultBundleOptions,
  )
  const own = matrix.rows.slice(0, 400).map(({ prompt }) => prompt)
  const long = own.map((_, at) =>
    // Through a buffer, so that the text is one piece as it is when it comes from a request.
    Buffer.from(own.slice(at).concat(own).join('\n').slice(0, longAsk)).toString(),
  )
  console.log(
    '\n### Speed, µs a decision\n\n| asks | p50 | p99 | CPU, mean | models |\n|---|---|---|---|---|',
  )
  for (const [name, asks] of [
    ['as they are', own],
    ['2,000 characters', long],
  ]) {
    const { times, cpu } = time(bundle, asks)
    const at = (share) => times[Math.floor(times.length * share)].toFixed(0)
    console.log(`| ${name} | ${at(0.5)} | ${at(0.99)} | ${cpu.toFixed(0)} | ${matrix.models.length} |`)
  }
}

function time(bundle, asks) {
  const extractor = new FeatureExtractor()
  const scorer = createEnsembleScorer({ bundle, version: 'bench', labels: {} })
  const models = bundle.weights.models.map((name) => ({
    ...{ name, aliases: [], provider: 'openai', size: null, contextWindow: null, reasons: false, tier: null },
    ...{ inputPrice: null, outputPrice: null, cacheReadPrice: null, qualityScore: null },
  }))
  const context = {
    ...{ inputTokens: 500, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
    ...{ team: null, live: noLiveState, random: () => 0.5 },
  }
  const rest = { profile: 'auto', lambda: null, fitted: null, maxCost: null, adjust: null }
  const times = []
  let begun = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    // The first rounds are the compiler's.
    if (round === warmUp) begun = process.cpuUsage()
    for (const ask of asks) {
      const startedAt = process.hrtime.bigint()
      const features = extractor.extract(ask, plainShape)
      decideModel({ features, context, models, scorer, ...rest })
      if (round >= warmUp) times.push(Number(process.hrtime.bigint() - startedAt) / 1e3)
    }
  }
  const { user, system } = process.cpuUsage(begun)
  return { times: times.sort((left, right) => left - right), cpu: (user + system) / times.length }
}
