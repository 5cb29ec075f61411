import {
  createBanditScorer,
  createEnsembleScorer,
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

/** The bandit, trained on 300 asks every model answered, then serving 1,000 of which every fifth is judged; λ = 0. */
export function measureLearning(matrix, seeds) {
  const featured = featureMatrix(matrix)
  const rows = seeds.map((seed) => serve(featured, seed))
  console.log(
    '\n### Learning live (zeroeval): mean score of 1,000 requests after 300 probes, 20 % feedback\n\n| seed | bandit | trained, not learning | best single in hindsight | bandit ÷ hindsight |\n|---|---|---|---|---|',
  )
  for (const { seed, bandit, fixed, hindsight } of rows)
    console.log(
      `| ${seed} | ${bandit.toFixed(3)} | ${fixed.toFixed(3)} | ${hindsight.toFixed(3)} | ${(bandit / hindsight).toFixed(3)} |`,
    )
  const mean = (read) => rows.reduce((sum, row) => sum + read(row), 0) / rows.length
  console.log(
    `| mean | ${mean((row) => row.bandit).toFixed(3)} | ${mean((row) => row.fixed).toFixed(3)} | ${mean((row) => row.hindsight).toFixed(3)} | ${mean((row) => row.bandit / row.hindsight).toFixed(3)} |`,
  )
}

function serve(featured, seed) {
  const { matrix } = featured
  const order = shuffled(matrix.rows.length, randomFrom(seed))
  const probed = order.slice(0, probes)
  const served = order.slice(probes, probes + requests)
  const bundle = trainBundle(featured, probed, { ...defaultBundleOptions, seed })
  const rewards = new RewardTable()
  const inner = createEnsembleScorer({ bundle, version: 'bench', labels: {} })
  const bandit = createBanditScorer(inner, { rewards: () => rewards })
  const models = matrix.models.map((name) => ({
    ...{ name, aliases: [], provider: '', size: null, contextWindow: null, reasons: false, tier: null },
    ...{ inputPrice: null, outputPrice: null, cacheReadPrice: null, qualityScore: null },
  }))
  const random = randomFrom(seed + 9)
  const extractor = new FeatureExtractor()
  const decide = (scorer, prompt) => {
    const features = extractor.extract(prompt, plainShape)
    const context = {
      ...{ inputTokens: 500, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
      ...{ team: null, live: noLiveState, random: () => random.next() },
    }
    const rest = { profile: 'premium', lambda: null, fitted: null, maxCost: null, adjust: null }
    return decideModel({ features, context, models, scorer, ...rest })
  }
  const record = ({ domain, tier }, at, score) =>
    rewards.add(domain?.label ?? 'other', tier, matrix.models[at], 1, score)
  // The probes are outcomes, too: every model's.
  for (const position of probed) {
    const { prompt, scores } = matrix.rows[position]
    const decision = decide(inner, prompt)
    for (const [at, score] of scores.entries()) record(decision, at, score)
  }
  let learned = 0
  let fixed = 0
  const totals = matrix.models.map(() => 0)
  for (const position of served) {
    const { prompt, scores } = matrix.rows[position]
    const decision = decide(bandit, prompt)
    const at = decision.order[0]
    learned += scores[at]
    fixed += scores[decide(inner, prompt).order[0]]
    for (const [model, score] of scores.entries()) totals[model] += score
    if (random.next() < feedbackShare) record(decision, at, scores[at])
  }
  const size = served.length
  return { seed, bandit: learned / size, fixed: fixed / size, hindsight: Math.max(...totals) / size }
}
