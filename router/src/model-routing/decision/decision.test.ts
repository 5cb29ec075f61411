import { describe, expect, it } from 'vitest'
import { FeatureExtractor } from '../features/features.ts'
import { plainShape } from '../features/structured.ts'
import { type ModelInfo, noLiveState, type RouteContext, type Scorer } from '../scoring/scorer.ts'
import { normalCdf } from './decide.ts'
import { type DecisionInput, decideModel } from './decide-model.ts'
import { holdPin } from './hold-pin.ts'

const features = new FeatureExtractor().extract('how many primes are there?', plainShape)

function model(name: string, price: number | null, patch: Partial<ModelInfo> = {}): ModelInfo {
  return {
    ...{ name, aliases: [], provider: 'openai', size: null, contextWindow: null, reasons: false, tier: null },
    ...{ inputPrice: price, outputPrice: price, cacheReadPrice: null, qualityScore: null },
    ...patch,
  }
}

/** Says of every model what the test says. */
function scorerOf(q: readonly number[], cost: readonly number[], patch: object = {}): Scorer {
  return {
    ...{ name: 'llmrouter-auto', version: 'test', needs: [] },
    score(_features, _context, _models, out) {
      out.q.set(q)
      out.cost.set(cost)
      out.sigma.fill(0.1)
      out.mean.fill(0.5)
      out.costRef = 1
      Object.assign(out, patch)
    },
  }
}

const plainContext: RouteContext = {
  ...{ inputTokens: 100, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
  ...{ team: null, advice: null, live: noLiveState, random: () => 0 },
}

function decide(scorer: Scorer, patch: Partial<DecisionInput> = {}) {
  return decideModel({
    features,
    context: plainContext,
    models: [model('cheap', 1e-6), model('dear', 1e-5)],
    scorer,
    profile: 'auto',
    lambda: null,
    fitted: null,
    maxCost: null,
    isProfileAsked: false,
    adjust: null,
    ...patch,
  })
}

const winner = (...args: Parameters<typeof decide>): string | undefined => {
  const { models, order } = decide(...args)
  return models[order[0] ?? -1]?.name
}

describe('the decision rule', () => {
  it('gives quality up for money as the profile says', () => {
    const scorer = scorerOf([0.7, 0.9], [0.1, 1])
    expect(winner(scorer)).toBe('dear')
    expect(winner(scorer, { profile: 'eco' })).toBe('cheap')
    expect(winner(scorer, { profile: 'premium' })).toBe('dear')
    expect(winner(scorer, { fitted: { auto: 1 } })).toBe('cheap')
    expect(winner(scorer, { fitted: { auto: 1 }, lambda: 0 })).toBe('dear')
  })

  it('takes the cheaper of two equals, then the first', () => {
    expect(winner(scorerOf([0.8, 0.8], [1, 0.1]), { profile: 'premium' })).toBe('dear')
    expect(winner(scorerOf([0.8, 0.8], [1, 1]), { profile: 'premium' })).toBe('cheap')
  })

  it('takes the quicker of two that cost the same, once enough of both was seen', () => {
    const live = (seen: number) => ({
      ...noLiveState,
      answers: () => seen,
      latencyMs: (name: string) => (name === 'dear' ? 100 : 300),
    })
    const twins = scorerOf([0.8, 0.8], [1, 1])
    const after = (seen: number) => decide(twins, { context: { ...plainContext, live: live(seen) } })
    expect(after(19).order).toEqual([0, 1])
    expect(after(20).order).toEqual([1, 0])
    expect(after(20).reasons).toContain('tie_quicker')
    // Money comes first.
    const cheaper = decide(scorerOf([0.8, 0.8], [1, 2]), {
      profile: 'premium',
      context: { ...plainContext, live: live(20) },
    })
    expect(cheaper.order).toEqual([0, 1])
    expect(cheaper.reasons).toContain('tie_cheaper')
  })

  it('takes what waiting costs from utility and score alike', () => {
    const { order, ranking } = decide(scorerOf([0.7, 0.9], [1, 1], { delay: Float64Array.of(0.1, 0.4) }))
    expect(order).toEqual([0, 1])
    expect((ranking.score[0] ?? 0) - (ranking.score[1] ?? 0)).toBeCloseTo(
      (ranking.utility[0] ?? 0) - (ranking.utility[1] ?? 0),
      9,
    )
  })

  it('orders scores like utilities, between 0 and 1', () => {
    const { ranking } = decide(scorerOf([0.7, 0.9], [0.1, 1]), { lambda: 0.4 })
    expect([...ranking.utility].map((value) => Math.round(value * 100))).toEqual([66, 50])
    expect([...ranking.score].map((value) => Math.round(value * 100))).toEqual([70, 54])
    expect(ranking.pBest).toBeGreaterThan(0.5)
  })

  it('draws a strange question to the model that is best overall', () => {
    const strange = { maxSimilarity: 0, noveltyThreshold: 0.2 }
    const scorer = scorerOf([0.2, 0.1], [0.1, 1], strange)
    const { scores, novelty, reasons, lambda } = decide(scorer, { lambda: 5 })
    expect([novelty?.nu, lambda, ...scores.q]).toEqual([1, 0, 0.5, 0.5])
    expect(reasons).toContain('novel_query')
  })

  it('keeps to free models and to models that reason, and says when there are none', () => {
    const scorer = scorerOf([0.5, 0.9], [0, 1])
    const models = [model('free', 0), model('thinker', 1e-5, { reasons: true })]
    expect(winner(scorer, { models, profile: 'free' })).toBe('free')
    expect(winner(scorer, { models, profile: 'reasoning', lambda: 5 })).toBe('thinker')
    expect(decide(scorer, { profile: 'free' }).reasons).toContain('free_pool_empty')
  })

  it('does not let one broken estimate decide', () => {
    const { scores, reasons } = decide(scorerOf([Number.NaN, 0.4], [0.1, 0.2]))
    expect([...scores.q].every(Number.isFinite)).toBe(true)
    expect(reasons).toContain('scorer_not_finite')
  })

  it('is the same for the same input', () => {
    const scorer = scorerOf([0.7, 0.9], [0.1, 1])
    expect(decide(scorer)).toEqual(decide(scorer))
  })
})

describe('a pin', () => {
  const decision = decide(scorerOf([0.5, 0.9], [0.1, 0.2]), { lambda: 0.1 })
  const pin = { decision, pinnedAt: 0, prefixTokens: 0, isIdle: false, pinnedTier: null }

  it('holds in a tool loop whatever is won', () => {
    expect(holdPin({ ...pin, inToolLoop: true })).toMatchObject({ at: 0, action: 'kept' })
  })

  it('yields to a clear gain, unless reading the conversation anew costs more', () => {
    expect(holdPin({ ...pin, inToolLoop: false })).toMatchObject({ at: 1, action: 'switched' })
    const long = { ...pin, prefixTokens: 200_000, inToolLoop: false }
    expect(holdPin(long)).toMatchObject({ at: 0, action: 'kept' })
    expect(holdPin({ ...long, isIdle: true })).toMatchObject({ at: 1, action: 'switched' })
  })

  it('breaks when its model is gone', () => {
    expect(holdPin({ ...pin, pinnedAt: -1, inToolLoop: true })).toMatchObject({ at: 1, action: 'broken' })
  })
})

describe('normalCdf', () => {
  it.each([
    [0, 0.5],
    [1.96, 0.975],
    [-1, 0.1587],
  ])('of %f is %f', (z, p) => expect(normalCdf(z)).toBeCloseTo(p, 3))
})
