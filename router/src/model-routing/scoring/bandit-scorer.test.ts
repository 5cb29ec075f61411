import { describe, expect, it } from 'vitest'
import { decideModel } from '../decision/decide-model.ts'
import { FeatureExtractor } from '../features/features.ts'
import { plainShape } from '../features/structured.ts'
import { drawBeta } from '../online/draw-beta.ts'
import { RewardTable } from '../online/reward-table.ts'
import { randomFrom } from '../training/random.ts'
import { createBanditScorer } from './bandit-scorer.ts'
import { priorScorer } from './prior-scorer.ts'
import { noLiveState } from './scorer.ts'

const random = randomFrom(3)
const next = (): number => random.next()
const models = ['a', 'b'].map((name) => ({
  ...{
    name,
    aliases: [],
    provider: '',
    size: null,
    inputPrice: 1e-6,
    outputPrice: 1e-6,
    cacheReadPrice: null,
  },
  ...{ contextWindow: null, reasons: false, tier: null, qualityScore: 0.6 },
}))

function decide(rewards: RewardTable) {
  return decideModel({
    features: new FeatureExtractor().extract('what is the meaning of this', plainShape),
    context: {
      ...{ inputTokens: 100, maxTokens: null, shape: plainShape, tags: [], userAgent: '', tools: [] },
      ...{ team: null, advice: null, live: noLiveState, random: next },
    },
    models,
    scorer: createBanditScorer(priorScorer, { rewards: () => rewards }),
    ...{ profile: 'premium', lambda: null, fitted: null, maxCost: null, adjust: null, isProfileAsked: false },
  })
}

it('Beta draws have the mean and spread of their distribution', () => {
  const draws = Array.from({ length: 20_000 }, () => drawBeta(3, 7, next))
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length
  expect(mean).toBeCloseTo(0.3, 2)
  expect(variance).toBeCloseTo(0.021 / 1.1, 3)
})

describe('the bandit', () => {
  it('tries both while it knows nothing, and settles on what succeeds', () => {
    const share = (rewards: RewardTable): number => {
      const picks = Array.from({ length: 300 }, () => decide(rewards).order[0])
      return picks.filter((at) => at === 0).length / picks.length
    }
    expect(share(new RewardTable())).toBeGreaterThan(0.3)
    expect(share(new RewardTable())).toBeLessThan(0.7)
    const known = new RewardTable()
    const { tier, domain } = decide(known)
    known.add(domain?.label ?? '', tier, 'a', 100, 95)
    known.add(domain?.label ?? '', tier, 'b', 100, 40)
    expect(share(known)).toBeGreaterThan(0.98)
  })

  it('believes little of what it was told of a model that drifted', () => {
    const [told, lived] = [0.6, 0.1]
    const believed = (trust: number): number => {
      const table = new RewardTable([], () => trust)
      const { tier, domain } = decide(table)
      table.add(domain?.label ?? '', tier, 'a', 10, 10 * lived)
      return decide(table).scores.q[0] ?? 1
    }
    expect(believed(1)).toBeGreaterThan(believed(0.1))
    expect(Math.abs(believed(0.1) - lived)).toBeLessThan((told - lived) / 3)
  })

  it('tells with what probability it picked, and the parts of an estimate still add up', () => {
    const { order, estimatePropensity, scores } = decide(new RewardTable())
    const at = order[0] ?? 0
    const before = scores.q[at]
    const propensity = estimatePropensity?.(at) ?? 0
    expect(propensity).toBeGreaterThan(0.3)
    expect(propensity).toBeLessThan(0.7)
    expect(scores.q[at]).toBe(before)
    const parts = [...scores.components.values()].reduce((sum, part) => sum + (part[at] ?? 0), 0)
    expect(parts).toBeCloseTo(before ?? 0, 6)
  })
})
