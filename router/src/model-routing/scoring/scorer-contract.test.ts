import { beforeAll, describe, expect, it } from 'vitest'
import { openBundle, packBundle } from '../bundle/bundle-files.ts'
import { encodeHead } from '../bundle/head-files.ts'
import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { decideModel } from '../decision/decide-model.ts'
import { FeatureExtractor, keepFeatures } from '../features/features.ts'
import { fnvOf } from '../features/hash-tokens.ts'
import { plainShape } from '../features/structured.ts'
import { headKinds, trainableStrategies } from '../heads/head-kinds.ts'
import { fitIsotonic } from '../training/fit-isotonic.ts'
import type { OutcomeMatrix } from '../training/outcome-matrix.ts'
import { randomFrom } from '../training/random.ts'
import { defaultBundleOptions, trainBundle } from '../training/train-bundle.ts'
import { featureMatrix, prepareTraining } from '../training/training-set.ts'
import { readOff } from './breakpoints.ts'
import { createScorer } from './create-scorer.ts'
import {
  createScores,
  type JudgedAsk,
  type ModelInfo,
  noLiveState,
  type RouteContext,
  type Scorer,
} from './scorer.ts'
import { strategyCatalogue } from './strategy-catalogue.ts'

const names = ['small', 'large'] as const
/** Any digest will do. */
const sha256 = (text: string): string => fnvOf(text).toString(16).padStart(16, '0')

/** Two kinds of asks: the small model writes the better poems, only the large one can prove things. */
const subjects = 'oak pine birch maple cedar willow larch elm ash fir hazel rowan'.split(' ')
const poem = (index: number): string =>
  `write a gentle poem of three verses in rhymes about the ${subjects[index % 12]}`
const proof = (index: number): string =>
  `prove by induction the theorem on integrals and matrices of ${subjects[index % 12]}`

function drawMatrix(rows: number, seed: number): OutcomeMatrix {
  const random = randomFrom(seed)
  return {
    models: names,
    rows: Array.from({ length: rows }, (_, index) => {
      const isPoem = index % 2 === 0
      const score = (chance: number): number => (random.next() < chance ? 1 : 0)
      return {
        ...{
          id: `${index}`,
          task: isPoem ? 'poems' : 'proofs',
          features: null,
          answers: null,
          weights: null,
        },
        prompt: `${isPoem ? poem(index >> 1) : proof(index >> 1)} ${'please '.repeat(index % 3)}`,
        scores: [score(isPoem ? 0.9 : 0.1), score(isPoem ? 0.5 : 0.9)],
        costs: [0.0001, 0.01],
        outputTokens: [100, 200],
      }
    }),
  }
}

function model(name: string, price: number, patch: Partial<ModelInfo> = {}): ModelInfo {
  return {
    ...{ name, aliases: [], provider: 'openai', size: null, contextWindow: null, reasons: false, tier: null },
    ...{ inputPrice: price, outputPrice: price, cacheReadPrice: null, qualityScore: null },
    ...patch,
  }
}

const candidates = [model('small', 1e-7), model('large', 1e-5)]
const stranger = model('nobody-has-seen-it', 1e-6)

function contextOf(seed: number): RouteContext {
  const random = randomFrom(seed)
  return {
    ...{ inputTokens: 200, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
    ...{ team: null, advice: null, live: noLiveState, random: () => random.next() },
  }
}

const requiredArgs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'llmrouter-semantic-intent': {
    intent_model_groups: { poetry: { examples: [poem(0), poem(1)], models: ['small'] } },
  },
}
/** Chance decides, or how the models are doing. */
const drawn = new Set(['llmrouter-random', 'llmrouter-bandit', 'routeiq-kumaraswamy-thompson'])

const strategies = strategyCatalogue
  .filter(({ status }) => status !== 'not_available')
  .map(({ name, needsArtifact }) => ({ name, needsArtifact }))

let bundle: TrainedBundle

beforeAll(() => {
  const featured = featureMatrix(drawMatrix(160, 1))
  const rows = [...featured.matrix.rows.keys()]
  const shared = trainBundle(featured, rows)
  const set = prepareTraining(featured, rows)
  const heads = new Map(
    [...headKinds].map(([strategy, kind]) => [
      strategy,
      { ...shared, profiles: {}, weights: kind.train(set, { seed: 1, args: {} }) },
    ]),
  )
  const stamp = { createdAt: '2026-01-01T00:00:00Z', createdBy: 'test', goldenAsks: [poem(2), proof(3)] }
  // Written down and read back, so that what is tested is what serves.
  bundle = openBundle(packBundle({ ...shared, heads }, stamp, sha256), sha256).bundle
}, 120_000)

it.each(trainableStrategies)('training %s is deterministic', (strategy) => {
  const { matrix, features } = featureMatrix(drawMatrix(60, 2))
  const set = prepareTraining({ matrix, features }, [...matrix.rows.keys()])
  const train = () =>
    encodeHead(headKinds.get(strategy)?.train(set, { seed: 3, args: { max_iter: 3 } }) ?? {})
  const [one, other] = [train(), train()]
  // Not by toBe, which would print megabytes.
  expect(one === other).toBe(true)
})

function scorerOf(name: string, args: object = {}, usePrior = true): Scorer {
  const parts = {
    trained: { bundle, version: 'rb_test', labels: {} },
    usePrior,
    rewards: null,
  }
  const created = createScorer(name, { ...requiredArgs[name], ...args }, parts)
  expect(created.fallbackReason).toBeNull()
  return created.scorer
}

function decide(scorer: Scorer, ask: string, patch: object = {}) {
  return decideModel({
    features: new FeatureExtractor().extract(ask, plainShape),
    context: contextOf(7),
    models: candidates,
    scorer,
    profile: 'auto',
    ...{ lambda: null, fitted: null, maxCost: null, adjust: null, isProfileAsked: false },
    ...patch,
  })
}

describe.each(strategies)('$name', ({ name, needsArtifact }) => {
  it('says something sound of every candidate, also of one nobody has seen', () => {
    const scorer = scorerOf(name)
    const models = [...candidates, stranger]
    for (const ask of [poem(1), proof(2), '?', 'ü 你好 🙂', 'x'.repeat(5_000)]) {
      const scores = createScores(models.length)
      scorer.score(new FeatureExtractor().extract(ask, plainShape), contextOf(1), models, scores)
      for (const values of [scores.q, scores.cost, scores.sigma, scores.nEff, scores.mean])
        expect(values.every((value) => Number.isFinite(value))).toBe(true)
      expect(scores.cost.every((cost) => cost > 0)).toBe(true)
      expect(scores.sigma.every((sigma) => sigma >= 0.01)).toBe(true)
      const { order, scores: decided } = decide(scorer, ask, { models })
      expect(order.toSorted()).toEqual([0, 1, 2])
      expect(decided.q.every((q) => q >= 0 && q <= 1)).toBe(true)
    }
  })

  it('decides the same for the same ask and the same chance', () => {
    const scorer = scorerOf(name)
    for (const ask of [poem(1), proof(2)]) {
      const [one, other] = [decide(scorer, ask), decide(scorerOf(name), ask)]
      expect(other.order).toEqual(one.order)
      expect([...other.scores.q]).toEqual([...one.scores.q])
    }
  })

  it.skipIf(drawn.has(name))('never pays more when money counts for more', () => {
    const scorer = scorerOf(name)
    for (const ask of [poem(1), proof(2), 'how are you?']) {
      const paid = [0, 0.05, 0.2, 1, 5, 50].map((lambda) => {
        const { order, scores } = decide(scorer, ask, { lambda })
        return scores.cost[order[0] ?? 0] ?? 0
      })
      expect(paid).toEqual(paid.toSorted((left, right) => right - left))
    }
  })

  it('explains its estimates by parts that sum to them', () => {
    const { scores } = decide(scorerOf(name), proof(1))
    candidates.forEach((_, at) => {
      const parts = [...scores.components.values()].reduce((sum, part) => sum + (part[at] ?? 0), 0)
      expect(Math.max(0, Math.min(1, parts))).toBeCloseTo(scores.q[at] ?? 0, 5)
    })
  })

  it.runIf(needsArtifact && name !== 'llmrouter-elo')('learned which asks need the large model', () => {
    const scorer = scorerOf(name)
    const gainOf = (ask: string): number => {
      const { q } = decide(scorer, ask).scores
      return (q[1] ?? 0) - (q[0] ?? 0)
    }
    const mean = (asks: readonly string[]): number =>
      asks.reduce((sum, ask) => sum + gainOf(ask), 0) / asks.length
    const asks = subjects.map((_, index) => index)
    expect(mean(asks.map(proof)) - mean(asks.map(poem))).toBeGreaterThan(0.1)
  })

  it.runIf(needsArtifact)('has the default take its place, visibly, without a bundle', () => {
    const parts = { trained: null, usePrior: true, rewards: null }
    const created = createScorer(name, requiredArgs[name] ?? {}, parts)
    expect(created).toMatchObject({ fallbackReason: 'artifact_missing', scorer: { name: 'llmrouter-auto' } })
  })
})

describe('arguments', () => {
  it.each([
    ['llmrouter-knn', { n_neighbors: 0 }, 'n_neighbors'],
    ['llmrouter-knn', { weights: 'gaussian' }, 'weights'],
    ['llmrouter-knn', { metric: 'jaccard' }, 'metric'],
    ['llmrouter-linucb', { alpha: -1 }, 'alpha'],
    ['llmrouter-linucb', { tenant_buckets: 2.5 }, 'tenant_buckets'],
    ['llmrouter-kmeans', { alpha: 1.5 }, 'alpha'],
    ['llmrouter-elo', { k_factor: -1 }, 'k_factor'],
    ['llmrouter-kmeans', { alpha: 0.5, mode: 'guarantee' }, 'leave one of them out'],
    ['llmrouter-hybrid', { threshold: 'high' }, 'threshold'],
    ['llmrouter-hybrid', { small: 'other' }, 'trained for small and large'],
    ['llmrouter-threshold', { strong_share: 1.2 }, 'strong_share'],
    ['llmrouter-latency-sla', { percentile: 95 }, 'percentile'],
    ['llmrouter-semantic-intent', { intent_model_groups: {} }, 'intent_model_groups'],
    ['llmrouter-semantic-intent', { intent_model_groups: { a: { models: ['small'] } } }, 'examples'],
  ])('%s refuses %j', (name, args, message) => {
    expect(() => scorerOf(name, args)).toThrow(message)
  })

  it('neighbours are as many as asked for, and count as asked for', () => {
    const qualities = [{ n_neighbors: 1 }, { n_neighbors: 60 }, { n_neighbors: 60, weights: 'uniform' }].map(
      (args) => decide(scorerOf('llmrouter-knn', args), proof(3)).scores.q[0],
    )
    expect(new Set(qualities).size).toBe(3)
  })

  it('the large model gets the share of asks it was promised', () => {
    const asks = subjects.flatMap((_, index) => [poem(index), proof(index)])
    const shareOf = (strong_share: number): number => {
      const scorer = scorerOf('llmrouter-threshold', { strong_share })
      return asks.filter((ask) => decide(scorer, ask).order[0] === 1).length / asks.length
    }
    expect(shareOf(0)).toBeLessThan(0.2)
    expect(shareOf(0.5)).toBeGreaterThan(0.3)
    expect(shareOf(0.5)).toBeLessThan(0.7)
    expect(shareOf(1)).toBeGreaterThan(0.9)
  })

  it('the share is one of asks lately seen, once enough of them were', () => {
    const asks = subjects.flatMap((_, index) => [poem(index), proof(index)])
    const scorer = scorerOf('llmrouter-threshold', { strong_share: 0.5 })
    const decideBy = (gain: number | null) => {
      const context = { ...contextOf(1), live: { ...noLiveState, gainOfShare: () => gain } }
      return asks.map((ask) => decide(scorer, ask, { context }))
    }
    const strongest = (gain: number | null): number =>
      decideBy(gain).filter(({ order }) => order[0] === 1).length
    expect(strongest(1)).toBe(0)
    expect(strongest(-1)).toBe(asks.length)
    expect(strongest(null)).toBeGreaterThan(0)
    const [first] = decideBy(0.1)
    expect(first?.reasons).toContain('threshold_by_traffic')
    expect(first?.scores.pair).toEqual({ small: 'small', large: 'large' })
  })

  it('an inner strategy estimates for a strategy that only picks', () => {
    const args = { inner_strategy: 'llmrouter-knn', quality_threshold: 0, cost_weight: 0.05 }
    const own = decide(scorerOf('llmrouter-cost-aware', args), proof(2))
    expect(own.scores.q).toEqual(decide(scorerOf('llmrouter-knn'), proof(2)).scores.q)
    expect(own.order[0]).toBe(1)
  })
})

describe('strategies that look at how models are doing', () => {
  const live = (patch: object): RouteContext => ({ ...contextOf(1), live: { ...noLiveState, ...patch } })
  const picked = (name: string, patch: object, ask = proof(1)): number | undefined =>
    decide(scorerOf(name, { p_latency_target_ms: 500 }), ask, { context: live(patch) }).order[0]

  it('leave out who has been too slow, and take the quickest when all have', () => {
    const of = (small: number, large: number) => ({
      latencyMs: (name: string) => (name === 'small' ? small : large),
    })
    expect(picked('llmrouter-latency-sla', of(100, 100))).toBe(1)
    expect(picked('llmrouter-latency-sla', of(100, 900))).toBe(0)
    expect(picked('llmrouter-latency-sla', of(2_000, 900))).toBe(1)
    expect(picked('llmrouter-latency-sla', {})).toBe(1)
  })

  it('take who has the least on its hands', () => {
    const inFlight = (name: string): number => (name === 'small' ? 3 : 1)
    expect(picked('llmrouter-least-busy', { inFlight }, poem(1))).toBe(1)
    const tokens = (name: string): number => (name === 'small' ? 3 : 100)
    expect(picked('llmrouter-usage-based', { tokens })).toBe(0)
  })
})

describe('LinUCB', () => {
  it('takes back what training said once enough answers say otherwise', () => {
    const scorer = scorerOf('llmrouter-linucb')
    const quality = (): number => decide(scorer, poem(1)).scores.q[0] ?? 0
    const before = quality()
    const features = new FeatureExtractor()
    const lived = Array.from({ length: 400 }, (_, index) => {
      const { slots, values, structured, size, tokens, text } = features.extract(poem(index), plainShape)
      return {
        features: {
          ...{ slots: slots.slice(0, size), values: values.slice(0, size), size, tokens, text },
          structured: structured.slice(),
        },
        ...{ model: 'small', team: null, weight: 1, score: 0 },
      }
    })
    scorer.absorb?.(lived)
    expect(before).toBeGreaterThan(0.7)
    expect(quality()).toBeLessThan(0.4)
    scorer.absorb?.([])
    expect(quality()).toBeCloseTo(before, 6)
  })

  it('believes what a team lived of that team more than of others', () => {
    const features = keepFeatures(new FeatureExtractor().extract(poem(1), plainShape))
    const lived = Array.from({ length: 30 }, () => ({
      ...{ features, model: 'small', team: 'red', weight: 1, score: 0 },
    }))
    const drops = (args: object): number[] => {
      const scorer = scorerOf('llmrouter-linucb', args)
      const qualityFor = (team: string | null): number =>
        decide(scorer, poem(1), { context: { ...contextOf(7), team } }).scores.q[0] ?? 0
      const teams = ['red', 'blue', null]
      const before = teams.map(qualityFor)
      scorer.absorb?.(lived)
      return teams.map((team, at) => (before[at] ?? 0) - qualityFor(team))
    }
    const [red = 0, blue = 0, nobody = 0] = drops({})
    expect(red).toBeGreaterThan(2 * blue)
    expect(nobody).toBeCloseTo(blue, 1)
    const [together, apart] = drops({ tenant_buckets: 0 })
    expect(together).toBeCloseTo(apart ?? 0, 9)
    expect(drops({ tenant_buckets: 1 })[1]).toBeGreaterThan(2 * nobody)
  })
})

describe('Elo', () => {
  const ask = (text: string) => keepFeatures(new FeatureExtractor().extract(text, plainShape))
  const outcome = (text: string, model: string, score: number) => ({
    ...{ features: ask(text), model, team: null, weight: 1, score },
  })
  /** The small model did better on every ask that both were tried on; newest first. */
  const compared = subjects.flatMap((_, index) => [
    outcome(poem(index), 'small', 1),
    outcome(poem(index), 'large', 0),
  ])
  const gainOf = (args: object, lived: readonly JudgedAsk[]): number => {
    const scorer = scorerOf('llmrouter-elo', args)
    const gap = (): number => {
      const { q } = decide(scorer, proof(1)).scores
      return (q[0] ?? 0) - (q[1] ?? 0)
    }
    const before = gap()
    scorer.absorb?.(lived)
    return gap() - before
  }

  it('moves ratings by what two models made of the same ask, as far as k_factor says', () => {
    const usual = gainOf({}, compared)
    expect(usual).toBeGreaterThan(0.02)
    expect(gainOf({ k_factor: 32 }, compared)).toBe(usual)
    expect(gainOf({ k_factor: 8 }, compared)).toBeLessThan(usual)
    expect(gainOf({ k_factor: 8 }, compared)).toBeGreaterThan(0)
    expect(scorerOf('llmrouter-elo', { k_factor: 0 }).absorb).toBeUndefined()
  })

  it('learns nothing from answers that nothing was compared with', () => {
    const alone = subjects.flatMap((_, index) => [
      outcome(poem(index), 'small', 1),
      outcome(proof(index), 'large', 0),
    ])
    expect(gainOf({}, alone)).toBeCloseTo(0, 6)
    expect(gainOf({}, compared.slice(0, 1))).toBeCloseTo(0, 6)
  })
})

describe("Avengers-Pro's normalisation", () => {
  const qualities = (alpha: number, ask: string): number[] => [
    ...decide(scorerOf('llmrouter-kmeans', { alpha }), ask).scores.q,
  ]

  it('ranks by quality, by cost, and by both', () => {
    // Of two models the best of every cluster stands at 1, the worst at 0, and the small one costs a hundredth.
    const [small = 1, large = 0] = qualities(1, proof(3))
    expect(large).toBeGreaterThan(0.9)
    expect(small).toBeLessThan(0.1)
    const ofPoems = subjects.map((_, index) => qualities(1, poem(index))[0] ?? 0)
    expect(ofPoems.reduce((total, q) => total + q, 0) / ofPoems.length).toBeGreaterThan(0.6)
    const cheap = qualities(0, proof(3))
    expect(cheap[0]).toBeCloseTo(0.99, 1)
    expect(cheap[1]).toBeCloseTo(0, 5)
    const both = qualities(0.7, proof(3))
    both.forEach((score, at) => {
      expect(score).toBeCloseTo(0.7 * ([small, large][at] ?? 0) + 0.3 * (cheap[at] ?? 0), 5)
    })
  })

  it('leaves nothing to λ of the profile, for cost is counted already', () => {
    const lambdaOf = (args: object): number =>
      decide(scorerOf('llmrouter-kmeans', args), proof(3), { profile: 'eco' }).lambda
    expect(lambdaOf({ alpha: 0.7 })).toBe(0)
    expect(lambdaOf({})).toBeGreaterThan(0)
  })
})

describe('an explanation', () => {
  it('names the words that told the models apart, and training asks like this one', () => {
    const scorer = scorerOf('llmrouter-auto')
    const features = new FeatureExtractor().extract(proof(2), plainShape)
    const told = scorer.explain?.(features, 'large', 'small')
    expect(told?.features).toHaveLength(8)
    for (const { feature } of told?.features ?? []) expect(proof(2)).toContain(feature)
    const own = told?.features.find(({ feature }) => feature === 'prove')
    expect(own?.contribution).toBeGreaterThan(0)
    expect(told?.neighbours).toHaveLength(5)
    for (const { id, task, sim } of told?.neighbours ?? []) {
      expect(id).toMatch(/^\d+$/)
      expect(task).toBe('proofs')
      expect(sim).toBeGreaterThan(0)
      expect(sim).toBeLessThanOrEqual(1.001)
    }
    expect(scorer.explain?.(features, 'large', 'nobody')).toBeNull()
  })
})

describe('mode: guarantee', () => {
  const guarded = { mode: 'guarantee' }
  const matrix = drawMatrix(600, 4)

  it('keeps its promise on rows it was not made from, and saves money', () => {
    const featured = featureMatrix(matrix)
    const rows = [...matrix.rows.keys()]
    const trained = trainBundle(featured, rows.slice(0, 400))
    const parts = { trained: { bundle: trained, version: 'g', labels: {} }, usePrior: true, rewards: null }
    const { scorer } = createScorer('llmrouter-auto', { ...guarded, epsilon: 0.05 }, parts)
    const unseen = matrix.rows.slice(400)
    let shortfall = 0
    let cheap = 0
    for (const { prompt, scores } of unseen) {
      const at = decide(scorer, prompt).order[0] ?? 0
      shortfall += (scores[1] ?? 0) - (scores[at] ?? 0)
      cheap += at === 0 ? 1 : 0
    }
    expect(shortfall / unseen.length).toBeLessThanOrEqual(0.05)
    expect(cheap).toBeGreaterThan(0)
  })

  it('refuses too few rows, and what is no share', () => {
    expect(() => scorerOf('llmrouter-auto', guarded)).toThrow('needs a bundle measured on 200 rows')
    expect(() => scorerOf('llmrouter-auto', { ...guarded, epsilon: 2 })).toThrow('epsilon')
  })

  it('says that it needs a bundle', () => {
    const created = createScorer('llmrouter-auto', guarded, { trained: null, usePrior: true, rewards: null })
    expect(created.fallbackReason).toBe('artifact_missing')
  })
})

describe('isotonic calibration', () => {
  it('never falls, and gives back the mean of what is alike', () => {
    const random = randomFrom(5)
    const predicted = Array.from({ length: 2_000 }, () => random.next())
    // Worth half of what they promise, and nothing below a third.
    const real = predicted.map((p) => (random.next() < (p < 1 / 3 ? 0 : p / 2) ? 1 : 0))
    const curve = fitIsotonic(predicted, real)
    const read = Array.from({ length: 50 }, (_, step) => readOff(curve, step / 50))
    expect(read).toEqual(read.toSorted((left, right) => left - right))
    expect(readOff(curve, 0.2)).toBeLessThan(0.05)
    expect(readOff(curve, 0.9)).toBeGreaterThan(0.35)
    expect(readOff(curve, 0.9)).toBeLessThan(0.55)
  })

  it('is part of the bundle where it was asked for, and of the explanation', () => {
    const featured = featureMatrix(drawMatrix(320, 6))
    const trained = trainBundle(featured, [...featured.matrix.rows.keys()], {
      ...defaultBundleOptions,
      calibrates: true,
    })
    const stamp = { createdAt: '', createdBy: 'test', goldenAsks: [poem(2)] }
    const opened = openBundle(packBundle(trained, stamp, sha256), sha256).bundle
    expect(opened.weights.calibration).toEqual(trained.weights.calibration)
    expect(opened.weights.calibration?.[0]?.x.length).toBeGreaterThan(1)
    const parts = { trained: { bundle: opened, version: 'c', labels: {} }, usePrior: true, rewards: null }
    const { scores } = decide(createScorer('llmrouter-auto', {}, parts).scorer, proof(1))
    expect(scores.components.has('calibration')).toBe(true)
    const parted = [...scores.components.values()].reduce((sum, part) => sum + (part[0] ?? 0), 0)
    expect(parted).toBeCloseTo(scores.q[0] ?? 0, 5)
  })
})
