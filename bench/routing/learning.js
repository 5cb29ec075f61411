import {
  createBanditScorer,
  createEnsembleScorer,
  createHeadScorer,
  decideModel,
  defaultBundleOptions,
  FeatureExtractor,
  featureMatrix,
  noLiveState,
  plainShape,
  RewardTable,
  randomFrom,
  shuffled,
  trainBundle,
} from '../../router/dist/measure.js'

const probes = 300
const requests = 1_000
const feedbackShare = 0.2
const linucb = 'llmrouter-linucb'

/**
 * Trained on 300 asks every model answered, then serving 1,000 of which every fifth is judged; λ = 0. LinUCB hears of what was judged
 * every 25 requests, as a gateway reads it every few seconds.
 */
export function measureLearning(matrix, seeds) {
  const featured = featureMatrix(matrix)
  const rows = seeds.map((seed) => serve(featured, seed))
  console.log(
    '\n### Learning live (zeroeval): mean score of 1,000 requests after 300 probes, 20 % feedback\n\n| seed | bandit | LinUCB | trained, not learning | best single in hindsight | bandit ÷ hindsight | LinUCB ÷ hindsight |\n|---|---|---|---|---|---|---|',
  )
  const points = (value) => value.toFixed(3)
  const line = (name, read) => {
    const [bandit, linear, fixed, hindsight] = ['bandit', 'linear', 'fixed', 'hindsight'].map(read)
    const shares = [bandit, linear].map((value) => points(value / hindsight))
    console.log(
      `| ${name} | ${[bandit, linear, fixed, hindsight].map(points).join(' | ')} | ${shares.join(' | ')} |`,
    )
  }
  for (const row of rows) line(row.seed, (key) => row[key])
  line('mean', (key) => rows.reduce((sum, row) => sum + row[key], 0) / rows.length)
}

function serve(featured, seed) {
  const { matrix } = featured
  const order = shuffled(matrix.rows.length, randomFrom(seed))
  const probed = order.slice(0, probes)
  const served = order.slice(probes, probes + requests)
  const options = { ...defaultBundleOptions, seed, strategies: ['llmrouter-auto', linucb] }
  const parts = { bundle: trainBundle(featured, probed, options), version: 'bench', labels: {} }
  const rewards = new RewardTable()
  const inner = createEnsembleScorer(parts)
  const bandit = createBanditScorer(inner, { rewards: () => rewards })
  const linear = createHeadScorer(linucb, parts, {})
  const decide = decider(matrix.models, randomFrom(seed + 9))
  const random = randomFrom(seed + 10)
  const record = ({ domain, tier }, at, score) =>
    rewards.add(domain?.label ?? 'other', tier, matrix.models[at], 1, score)
  // The probes are outcomes, too: every model's.
  for (const position of probed) {
    const decision = decide(inner, matrix.rows[position].prompt)
    for (const [at, score] of matrix.rows[position].scores.entries()) record(decision, at, score)
  }
  const lived = []
  const sums = { bandit: 0, linear: 0, fixed: 0 }
  const totals = matrix.models.map(() => 0)
  for (const [index, position] of served.entries()) {
    const { prompt, scores } = matrix.rows[position]
    const isJudged = random.next() < feedbackShare
    const drawn = decide(bandit, prompt)
    sums.bandit += scores[drawn.order[0]]
    if (isJudged) record(drawn, drawn.order[0], scores[drawn.order[0]])
    const [arm] = decide(linear, prompt).order
    sums.linear += scores[arm]
    if (isJudged)
      lived.push({
        features: featured.features[position],
        ...{ model: matrix.models[arm], weight: 1, score: scores[arm] },
      })
    if (index % 25 === 24) linear.absorb(lived)
    sums.fixed += scores[decide(inner, prompt).order[0]]
    for (const [model, score] of scores.entries()) totals[model] += score
  }
  const size = served.length
  return {
    seed,
    bandit: sums.bandit / size,
    linear: sums.linear / size,
    fixed: sums.fixed / size,
    hindsight: Math.max(...totals) / size,
  }
}

/** Decides for quality alone. */
function decider(names, random) {
  const models = names.map((name) => ({
    ...{ name, aliases: [], provider: '', size: null, contextWindow: null, reasons: false, tier: null },
    ...{ inputPrice: null, outputPrice: null, cacheReadPrice: null, qualityScore: null },
  }))
  const extractor = new FeatureExtractor()
  const context = {
    ...{ inputTokens: 500, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
    ...{ team: null, live: noLiveState, random: () => random.next() },
  }
  const rest = { profile: 'premium', lambda: null, fitted: null, maxCost: null, adjust: null }
  return (scorer, prompt) =>
    decideModel({
      ...{ features: extractor.extract(prompt, plainShape), context, models, scorer },
      ...rest,
    })
}
