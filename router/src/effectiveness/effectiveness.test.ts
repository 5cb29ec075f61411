import { describe, expect, it } from 'vitest'
import {
  credibleInterval,
  decayWeight,
  estimatePrior,
  lowerBound,
  modelPosterior,
  posteriorMean,
  skillPosterior,
} from './posterior.ts'
import { effectivenessCap, effectivenessFactor, explorationBonus, finalScore } from './rerank.ts'
import { buildEffectivenessSnapshot, type EffectivenessRow } from './snapshot.ts'

// Expected values were computed once with NumPy and SciPy 1.17.1 from the formulas as published.
const digits = 9

const counts = (weight: number, passes: number, judged: number) => ({ weight, passes, judged })
const workspace = [
  counts(20, 18, 20),
  counts(30, 12, 31),
  counts(12.5, 9.25, 14),
  counts(8, 7, 8),
  counts(40, 36, 40),
  counts(25, 5, 25),
  counts(3, 3, 3),
]

describe('the prior', () => {
  it('is estimated from the skills with five judged activations', () => {
    const prior = estimatePrior(workspace)
    expect(prior.mean).toBeCloseTo(0.6439114391143912, digits)
    expect(prior.strength).toBeCloseTo(2.3196190701071315, digits)
  })

  it('is the smoothed mean with strength 10 where fewer than five skills were judged', () => {
    const prior = estimatePrior(workspace.slice(0, 3))
    expect(prior.mean).toBeCloseTo(0.624031007751938, digits)
    expect(prior.strength).toBe(10)
    expect(estimatePrior([])).toEqual({ mean: 0.5, strength: 10 })
  })

  it('is held between 2 and 50', () => {
    const alike = Array.from({ length: 5 }, () => counts(10, 9, 10))
    const apart = [900, 100, 500, 990, 10].map((passes) => counts(1000, passes, 1000))
    expect(estimatePrior(alike).strength).toBe(50)
    expect(estimatePrior(apart).strength).toBe(2)
  })
})

describe('the posterior', () => {
  const prior = estimatePrior(workspace)

  it.each([
    [
      20, 18, 0.873385392125167, 0.7436214458411254, 0.9648411890222995, 0.7958658700782294,
      0.6156184586779986,
    ],
    [
      25, 5, 0.23769106139313403, 0.11779501259415869, 0.3797599421240517, 0.39855691337070875,
      0.21037820993879136,
    ],
  ])('of a skill judged %f times with %f passes', (weight, passes, mean, low, high, modelMean, modelLow) => {
    const skill = skillPosterior(prior, { weight, passes })
    expect(posteriorMean(skill)).toBeCloseTo(mean, digits)
    expect(credibleInterval(skill)[0]).toBeCloseTo(low, digits)
    expect(credibleInterval(skill)[1]).toBeCloseTo(high, digits)
    const model = modelPosterior(skill, { weight: 6, passes: 4 })
    expect(posteriorMean(model)).toBeCloseTo(modelMean, digits)
    expect(lowerBound(model)).toBeCloseTo(modelLow, digits)
  })

  it('does not let a lucky 3 of 3 win', () => {
    const lucky = lowerBound(skillPosterior({ mean: 0.6, strength: 10 }, { weight: 3, passes: 3 }))
    const proven = lowerBound(skillPosterior({ mean: 0.6, strength: 10 }, { weight: 60, passes: 54 }))
    expect(proven).toBeGreaterThan(lucky)
  })

  it('stays proper where every skill is perfect or hopeless', () => {
    for (const mean of [0, 1]) {
      const [low, high] = credibleInterval(skillPosterior({ mean, strength: 50 }, { weight: 0, passes: 0 }))
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
    }
  })

  it('halves what is 30 days old', () => {
    expect([0, 15, 30, 60, -3].map(decayWeight)).toEqual([1, 2 ** -0.5, 0.5, 0.25, 1])
  })
})

describe('the weight of effectiveness in a ranking', () => {
  it.each([
    [0, 0.015],
    [9, 0.015],
    [10, 0.25 / 3],
    [50, 0.17857142857142858],
    [200, 0.22727272727272727],
  ])('is bounded after %i judged activations by %f', (judged, cap) => {
    expect(effectivenessCap(judged)).toBeCloseTo(cap, digits)
  })

  it('stays within 0.985–1.015 below ten judged activations, whatever happened', () => {
    for (let judged = 0; judged < 10; judged += 1) {
      for (const posteriorMean of [0, 0.3, 0.5, 1]) {
        const factor = effectivenessFactor({ posteriorMean, workspaceMean: 0.5, judged, offers30d: 0 })
        expect(factor).toBeGreaterThanOrEqual(0.985)
        expect(factor).toBeLessThanOrEqual(1.015)
      }
    }
  })

  it('can reach ±0.2272 at 200', () => {
    const known = { workspaceMean: 0.5, judged: 200, offers30d: 0 }
    expect(effectivenessFactor({ ...known, posteriorMean: 0.95 })).toBeCloseTo(1 + 0.25 * (200 / 220), digits)
    expect(effectivenessFactor({ ...known, posteriorMean: 0.05 })).toBeCloseTo(1 - 0.25 * (200 / 220), digits)
    expect(effectivenessFactor({ ...known, posteriorMean: 0.6 })).toBeCloseTo(1.1, digits)
  })

  it('gives the unproven a bonus that shrinks with every offer', () => {
    expect(explorationBonus(0, 0)).toBe(0.01)
    expect(explorationBonus(9, 99)).toBeCloseTo(0.001, digits)
    expect(explorationBonus(10, 0)).toBe(0)
    expect(finalScore(0.8, null)).toBeCloseTo(0.81, digits)
    const known = { posteriorMean: 0.7, workspaceMean: 0.6, judged: 50, offers30d: 5 }
    expect(finalScore(0.8, known)).toBeCloseTo(0.8 * 1.1, digits)
  })
})

describe('the snapshot', () => {
  const row = (members: Partial<EffectivenessRow>): EffectivenessRow => ({
    skillId: 'a',
    modelFamily: 'gpt-4o',
    ageDays: 0,
    passes: 0,
    fails: 0,
    offers: 0,
    ...members,
  })

  it('knows nothing of a skill without rows', () => {
    expect(buildEffectivenessSnapshot([]).find('a', null)).toBeNull()
    expect(buildEffectivenessSnapshot([row({})]).find('b', 'gpt-4o')).toBeNull()
  })

  it('adds days with their decay, families to the whole, and recent offers', () => {
    const snapshot = buildEffectivenessSnapshot([
      row({ passes: 8, fails: 2, offers: 4 }),
      row({ passes: 4, fails: 4, ageDays: 30, offers: 7 }),
      row({ passes: 1, fails: 1, modelFamily: '', ageDays: 29, offers: 2 }),
    ])
    const weight = 10 + 4 + 2 * decayWeight(29)
    const passes = 8 + 2 + decayWeight(29)
    const mean = (passes + 1) / (weight + 2)
    const posterior = skillPosterior({ mean, strength: 10 }, { weight, passes })
    const whole = snapshot.find('a', null)
    expect(whole).toMatchObject({ judged: 20, offers30d: 6 })
    expect(whole?.workspaceMean).toBeCloseTo(mean, digits)
    expect(whole?.posteriorMean).toBeCloseTo(posteriorMean(posterior), digits)
    const family = snapshot.find('a', 'gpt-4o')
    expect(family).toMatchObject({ judged: 18, offers30d: 6 })
    expect(family?.posteriorMean).toBeCloseTo(
      posteriorMean(modelPosterior(posterior, { weight: 14, passes: 10 })),
      digits,
    )
  })

  it('falls back to the skill under a model it was never judged with, with no count of its own there', () => {
    const snapshot = buildEffectivenessSnapshot([row({ passes: 30, fails: 3 })])
    const other = snapshot.find('a', 'claude-sonnet-4')
    expect(other).toMatchObject({ judged: 0, posteriorMean: snapshot.find('a', null)?.posteriorMean })
  })
})
