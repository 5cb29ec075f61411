import { describe, expect, it } from 'vitest'
import type { EffectivenessSnapshot } from '../effectiveness/snapshot.ts'
import { rankCandidates } from './rank-candidates.ts'

const candidate = (name: string, fused: number) => ({
  skill: { skillId: name, name, description: '' },
  fused,
  relevance: fused,
  score: fused,
  lists: {},
})
const known = (entries: Record<string, [mean: number, judged: number, offers: number]>) =>
  ({
    find(skillId) {
      const entry = entries[skillId]
      if (entry === undefined) return null
      return { posteriorMean: entry[0], workspaceMean: 0.5, judged: entry[1], offers30d: entry[2] }
    },
  }) satisfies Pick<EffectivenessSnapshot, 'find'>

describe('rankCandidates', () => {
  it('keeps the order of retrieval without evidence, ties by name', () => {
    const ranked = rankCandidates([candidate('b', 0.5), candidate('a', 0.5), candidate('c', 0.9)], null, null)
    expect(ranked.map(({ skill, final }) => [skill.name, final])).toEqual([
      ['c', 0.9],
      ['a', 0.5],
      ['b', 0.5],
    ])
  })

  it.each([
    [0.9, 9, 0.015],
    [0.1, 0, -0.015],
    [0.505, 9, 0.005],
    [0.9, 10, 0.25 * (10 / 30)],
    [1, 200, 0.25 * (200 / 220)],
    [0, 200, -0.25 * (200 / 220)],
  ])('moves a skill of mean %d with %d judged by %d', (mean, judged, effect) => {
    const [ranked] = rankCandidates([candidate('a', 0.8)], known({ a: [mean, judged, 3] }), 'gpt')
    const bonus = judged < 10 ? 0.01 / 2 : 0
    expect(ranked?.factor).toBeCloseTo(1 + effect, 12)
    expect(ranked?.bonus).toBeCloseTo(bonus, 12)
    expect(ranked?.final).toBeCloseTo(0.8 * (1 + effect) + bonus, 12)
  })

  it('lets proven success overtake a slightly better match', () => {
    const evidence = known({ good: [0.95, 100, 200], bad: [0.2, 100, 200] })
    const ranked = rankCandidates([candidate('bad', 0.8), candidate('good', 0.75)], evidence, null)
    expect(ranked.map(({ skill }) => skill.name)).toEqual(['good', 'bad'])
  })
})
