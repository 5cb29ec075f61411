import { describe, expect, it } from 'vitest'
import type { MenuEntry } from './menu-entry.ts'
import { seedOf } from './random-catalogue.fixture.ts'
import type { RankedCandidate as Ranked } from './rank-candidates.ts'
import { type SelectionPolicy, selectOffer } from './select-offer.ts'

const policy: SelectionPolicy = { topK: 5, minRelevance: 0.15, exploreRate: 0.1 }
type RankedCandidate = Ranked<MenuEntry>
const candidates = (count: number, change: (rank: number) => Partial<RankedCandidate> = () => ({})) =>
  Array.from({ length: count }, (_, rank): RankedCandidate => {
    const fused = 1 - rank / 100
    return {
      skill: { skillId: `s${rank}`, name: `s${rank}`, description: '' },
      fused,
      relevance: fused,
      score: fused,
      lists: {},
      factor: 1,
      bonus: 0,
      final: fused,
      judged: 0,
      offers30d: rank,
      ...change(rank),
    }
  })
const sum = (rows: readonly { propensity: number }[]) => rows.reduce((all, row) => all + row.propensity, 0)

describe('selectOffer', () => {
  it('makes the same offer again from the same seed', () => {
    for (let run = 0; run < 200; run += 1) {
      const again = () => selectOffer(candidates(20), policy, seedOf(`rt_${run}`))
      expect(again()).toEqual(again())
    }
  })

  it('logs propensities that add up to the slots, whatever came of it', () => {
    for (let run = 0; run < 300; run += 1) {
      const unproven = (rank: number) => ({
        judged: (rank * run) % 17,
        relevance: ((rank * 7 + run) % 10) / 10,
      })
      const offer = selectOffer(candidates(20, unproven), policy, seedOf(`rt_${run}`))
      expect(offer.offered).toHaveLength(5)
      expect(sum(offer.offered) + sum(offer.passedOver)).toBeCloseTo(5, 9)
    }
  })

  it('explores as often, and whom, as the propensities say', () => {
    const runs = 20_000
    const counts = new Map<string, number>()
    let logged = new Map<string, number>()
    for (let run = 0; run < runs; run += 1) {
      const offer = selectOffer(candidates(20), policy, seedOf(`rt_${run}`))
      for (const { skill } of offer.offered) counts.set(skill.name, (counts.get(skill.name) ?? 0) + 1)
      const rows = [...offer.offered, ...offer.passedOver]
      logged = new Map(rows.map(({ skill, propensity }) => [skill.skillId, propensity]))
    }
    expect(logged.size).toBe(10)
    for (const [skillId, propensity] of logged) {
      // Four standard errors.
      const error = 4 * Math.sqrt(Math.max(propensity * (1 - propensity), 1e-9) / runs)
      expect(Math.abs((counts.get(skillId) ?? 0) / runs - propensity)).toBeLessThanOrEqual(error)
    }
  })

  it('marks who was explored and displaces the last slot only', () => {
    const offers = Array.from({ length: 200 }, (_, run) =>
      selectOffer(candidates(20), policy, seedOf(`${run}`)),
    )
    const explored = offers.filter(({ offered }) => offered.some((row) => row.explored))
    expect(explored.length).toBeGreaterThan(5)
    for (const { offered } of explored) {
      expect(offered.slice(0, 4).map(({ skill }) => skill.name)).toEqual(['s0', 's1', 's2', 's3'])
      expect(offered[4]?.explored).toBe(true)
    }
  })

  it.each([
    ['a dry run', candidates(20), null],
    ['no choice to make', candidates(5), seedOf('x')],
    ['proven skills', candidates(20, () => ({ judged: 10 })), seedOf('x')],
    ['nothing relevant behind', candidates(20, (rank) => ({ relevance: rank < 5 ? 1 : 0.1 })), seedOf('x')],
  ])('does not explore with %s', (_, ranked, random) => {
    const { offered } = selectOffer(ranked, { ...policy, exploreRate: 1 }, random)
    expect(offered.map(({ skill, propensity }) => [skill.name, propensity])).toEqual(
      ['s0', 's1', 's2', 's3', 's4'].map((name) => [name, 1]),
    )
  })
})
