import { describe, expect, it } from 'vitest'
import { buildEffectivenessSnapshot, type EffectivenessRow } from '../../effectiveness/snapshot.ts'
import { randomFrom } from '../training/random.ts'
import { createScores } from './scorer.ts'
import { shiftBySkills } from './shift-by-skills.ts'

const families = ['alpha', 'beta', 'gamma']
const skills = Array.from({ length: 12 }, (_, index) => `skill-${index}`)
const strengths = [0.6, 0.65, 0.7]

/** How often an ask with a skill goes well under each model: the model's own strength, and what the two make of each other. */
function plant(interaction: number): number[][] {
  return skills.map((_, skill) =>
    families.map((_, family) => {
      // Half of the pairs, with what helps one model hurting another, so that no model is better on the whole.
      const turn = (skill + family) % 3
      const shift = skill % 2 === 0 ? [interaction, -interaction, 0][turn] : 0
      return Math.max(0.02, Math.min(0.98, (strengths[family] ?? 0) + (shift ?? 0)))
    }),
  )
}

function learn(truth: readonly (readonly number[])[], judged: number, seed: number) {
  const random = randomFrom(seed)
  const rows = truth.flatMap((byFamily, skill) =>
    byFamily.map((rate, family): EffectivenessRow => {
      const passes = Array.from({ length: judged }, () => random.next() < rate).filter(Boolean).length
      return {
        ...{ skillId: skills[skill] ?? '', modelFamily: families[family] ?? '', ageDays: 0 },
        ...{ passes, fails: judged - passes, offers: judged, activations: judged },
      }
    }),
  )
  return buildEffectivenessSnapshot(rows)
}

/** Mean success of always taking the model of the highest estimate, with and without what skills say, over all skills. */
function serve(truth: readonly (readonly number[])[], judged: number, seed: number) {
  const snapshot = learn(truth, judged, seed)
  let [joint, alone, best, changed] = [0, 0, 0, 0]
  skills.forEach((name, skill) => {
    const scores = createScores(families.length)
    scores.q.set(strengths)
    scores.sigma.fill(0.1)
    const interactions = families.map((family) => snapshot.interaction(name, family))
    shiftBySkills(scores, [{ version: null, name, chance: 1, lift: null, interactions }])
    const chosen = scores.q.indexOf(Math.max(...scores.q))
    const rates = truth[skill] ?? []
    joint += rates[chosen] ?? 0
    alone += rates[2] ?? 0
    best += Math.max(...rates)
    if (chosen !== 2) changed++
  })
  return { joint: joint / skills.length, alone: alone / skills.length, best: best / skills.length, changed }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const seeds = [0, 1, 2, 3, 4]

describe('models chosen with their skills', () => {
  it('are better by most of what can be won, where skills and models make something of each other', () => {
    const runs = seeds.map((seed) => serve(plant(0.15), 200, seed))
    const share = mean(runs.map(({ joint, alone, best }) => (joint - alone) / (best - alone)))
    expect(share).toBeGreaterThanOrEqual(0.6)
  })

  it('are hardly worse where they do not', () => {
    const runs = seeds.map((seed) => serve(plant(0), 200, seed))
    expect(mean(runs.map(({ joint, alone }) => alone - joint))).toBeLessThanOrEqual(0.003)
  })

  it('are those chosen without while little was judged', () => {
    expect(seeds.reduce((sum, seed) => sum + serve(plant(0.15), 6, seed).changed, 0)).toBeLessThanOrEqual(1)
  })
})

describe('the shift by skills', () => {
  it('is a part of the estimate, shared between skills that cannot all be used', () => {
    const scores = createScores(2)
    scores.q.set([0.6, 0.6])
    const known = { shift: 1, variance: 0.1, weight: 200, judged: 200 }
    const shown = shiftBySkills(scores, [
      { version: null, name: 'a', chance: 1, lift: null, interactions: [known, null] },
      { version: null, name: 'b', chance: 1, lift: null, interactions: [null, null] },
    ])
    expect(shown.map(({ pi }) => pi)).toEqual([0.5, 0.5])
    expect(scores.q[0]).toBeCloseTo(0.6 + (scores.components.get('skill')?.[0] ?? 0), 12)
    expect(scores.q[1]).toBe(0.6)
    expect(shown[0]?.shifts[0]).toBeCloseTo(0.7 * 0.5 * (200 / 220), 9)
  })

  it('is the same for all models where a skill surely helps, and brings them nearer to each other', () => {
    const shiftedBy = (lift: number): readonly number[] => {
      const scores = createScores(2)
      scores.q.set([0.6, 0.8])
      const [shown] = shiftBySkills(scores, [
        { version: null, name: 'a', chance: 0.5, lift, interactions: [null, null] },
      ])
      expect(shown?.lift).toBeCloseTo(lift / 2, 12)
      return [...scores.q]
    }
    const logOdds = (q: number): number => Math.log(q / (1 - q))
    const [cheap = 0, dear = 0] = shiftedBy(1)
    expect(logOdds(cheap)).toBeCloseTo(logOdds(0.6) + 0.5, 12)
    expect(logOdds(dear)).toBeCloseTo(logOdds(0.8) + 0.5, 12)
    expect(dear - cheap).toBeLessThan(0.2)
    expect(logOdds(shiftedBy(9)[0] ?? 0)).toBeCloseTo(logOdds(0.6) + 0.8, 12)
  })
})
