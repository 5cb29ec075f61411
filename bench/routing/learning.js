import {
  createBanditScorer,
  createEnsembleScorer,
  createHeadScorer,
  decideModel,
  defaultBundleOptions,
  earlierEpochShare,
  FeatureExtractor,
  featureMatrix,
  noDrift,
  noLiveState,
  plainShape,
  RewardTable,
  randomFrom,
  shuffled,
  trainBundle,
  trustInTraining,
  watchDrift,
} from '../../router/dist/measure.js'

const probes = 300
const requests = 1_000
const feedbackShare = 0.2
/** After the fall of the model that was chosen most, so many requests are given to notice, and so many measured. */
const [recovery, measured] = [500, 300]
const linucb = 'llmrouter-linucb'

/**
 * Trained on 300 asks every model answered, then serving 1,000 of which every fifth is judged; λ = 0. LinUCB hears of what was judged
 * every 25 requests, as a gateway reads it every few seconds. Then the model chosen most fails every second time it used to succeed.
 */
export function measureLearning(matrix, seeds) {
  const featured = featureMatrix(matrix)
  const rows = seeds.map((seed) => serve(featured, seed))
  const points = (value) => value.toFixed(3)
  const mean = (read) => rows.reduce((sum, row) => sum + read(row), 0) / rows.length
  console.log(
    '\n### Learning live (zeroeval): mean score of 1,000 requests after 300 probes, 20 % feedback\n\n| seed | bandit | LinUCB | trained, not learning | best single in hindsight | bandit ÷ hindsight | LinUCB ÷ hindsight | not learning ÷ hindsight |\n|---|---|---|---|---|---|---|---|',
  )
  const line = (name, read) => {
    const [bandit, linear, fixed, hindsight] = ['bandit', 'linear', 'fixed', 'hindsight'].map(read)
    const shares = [bandit, linear, fixed].map((value) => points(value / hindsight))
    console.log(
      `| ${name} | ${[bandit, linear, fixed, hindsight].map(points).join(' | ')} | ${shares.join(' | ')} |`,
    )
  }
  for (const row of rows) line(row.seed, (key) => row[key])
  line('mean', (key) => mean((row) => row[key]))
  console.log(
    `\n### After a model fell (requests ${recovery}–${recovery + measured} after it), as a share of the best single model since\n\n| seed | bandit | not learning |\n|---|---|---|`,
  )
  for (const { seed, after } of rows)
    console.log(`| ${seed} | ${points(after.bandit)} | ${points(after.fixed)} |`)
  console.log(
    `| mean | ${points(mean(({ after }) => after.bandit))} | ${points(mean(({ after }) => after.fixed))} |`,
  )
}

function serve(featured, seed) {
  const { matrix } = featured
  const order = shuffled(matrix.rows.length, randomFrom(seed))
  const probed = order.slice(0, probes)
  const served = order.slice(probes, probes + requests)
  const options = { ...defaultBundleOptions, seed, strategies: ['llmrouter-auto', linucb] }
  const parts = { bundle: trainBundle(featured, probed, options), version: 'bench', labels: {} }
  const inner = createEnsembleScorer(parts)
  const memory = new Memory(matrix.models)
  const bandit = createBanditScorer(inner, { rewards: () => memory.table })
  const linear = createHeadScorer(linucb, parts, {})
  const decide = decider(matrix.models, randomFrom(seed + 9))
  const random = randomFrom(seed + 10)
  const lived = []
  const sums = { bandit: 0, linear: 0, fixed: 0 }
  const totals = matrix.models.map(() => 0)
  const chosen = matrix.models.map(() => 0)
  for (const [index, position] of served.entries()) {
    const { prompt, scores } = matrix.rows[position]
    const isJudged = random.next() < feedbackShare
    const drawn = decide(bandit, prompt)
    sums.bandit += scores[drawn.order[0]]
    chosen[drawn.order[0]]++
    if (isJudged) memory.record(drawn, scores[drawn.order[0]])
    const [arm] = decide(linear, prompt).order
    sums.linear += scores[arm]
    if (isJudged)
      lived.push({
        features: featured.features[position],
        ...{ model: matrix.models[arm], team: null, weight: 1, score: scores[arm] },
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
    after: serveAfterFall({
      ...{ matrix, decide, bandit, inner, memory, seed },
      positions: order.slice(probes),
      fallen: chosen.indexOf(Math.max(...chosen)),
    }),
  }
}

/** The fallen model's successes turn to failures half of the time; asks are drawn anew. */
function serveAfterFall({ matrix, decide, bandit, inner, memory, seed, positions, fallen }) {
  const random = randomFrom(seed + 11)
  const sums = { bandit: 0, fixed: 0 }
  const totals = matrix.models.map(() => 0)
  for (let request = 0; request < recovery + measured; request++) {
    const { prompt, scores } = matrix.rows[positions[Math.floor(random.next() * positions.length)]]
    const fails = random.next() < 0.5
    const now = scores.map((score, model) => (model === fallen && fails ? 0 : score))
    const drawn = decide(bandit, prompt)
    const [fixed] = decide(inner, prompt).order
    if (random.next() < feedbackShare) memory.record(drawn, now[drawn.order[0]])
    if (request < recovery) continue
    sums.bandit += now[drawn.order[0]]
    sums.fixed += now[fixed]
    for (const [model, score] of now.entries()) totals[model] += score
  }
  const best = Math.max(...totals)
  return { bandit: sums.bandit / best, fixed: sums.fixed / best }
}

/** What a gateway keeps of judged requests: sums by kind of ask and model, and whether a model drifts. */
class Memory {
  #models
  #outcomes = []
  #drifts = new Map()
  table = new RewardTable()

  constructor(models) {
    this.#models = models
  }

  record({ order: [arm], domain, tier, scores }, score) {
    const model = this.#models[arm]
    const expected = scores.q[arm] - scores.components.get('online')[arm]
    const { state, isAlarm } = watchDrift(this.#drifts.get(model) ?? noDrift, score - expected)
    this.#drifts.set(model, state)
    this.#outcomes.push({ model, domain: domain?.label ?? 'other', tier, weight: 1, score })
    if (!isAlarm) {
      this.table.add(domain?.label ?? 'other', tier, model, 1, score)
      return
    }
    for (const outcome of this.#outcomes) if (outcome.model === model) outcome.weight *= earlierEpochShare
    this.table = new RewardTable([], (name) => trustInTraining(this.#drifts.get(name) ?? noDrift))
    for (const { model: name, domain: kind, tier: level, weight, score: won } of this.#outcomes)
      this.table.add(kind, level, name, weight, weight * won)
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
