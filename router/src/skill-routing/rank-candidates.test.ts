import { describe, expect, it } from 'vitest'
import { buildEffectivenessSnapshot, type EffectivenessSnapshot } from '../effectiveness/snapshot.ts'
import { createRandom } from '../retrieval/make-skill.fixture.ts'
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
    greatestFactor: 1.25,
  }) satisfies Pick<EffectivenessSnapshot, 'find' | 'greatestFactor'>

describe('rankCandidates', () => {
  it('keeps the order of retrieval without evidence, ties by name', () => {
    const ranked = rankCandidates(
      [candidate('b', 0.5), candidate('a', 0.5), candidate('c', 0.9)],
      null,
      null,
      3,
    )
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
    const [ranked] = rankCandidates([candidate('a', 0.8)], known({ a: [mean, judged, 3] }), 'gpt', 1)
    const bonus = judged < 10 ? 0.01 / 2 : 0
    expect(ranked?.factor).toBeCloseTo(1 + effect, 12)
    expect(ranked?.bonus).toBeCloseTo(bonus, 12)
    expect(ranked?.final).toBeCloseTo(0.8 * (1 + effect) + bonus, 12)
  })

  it('lets proven success overtake a slightly better match', () => {
    const evidence = known({ good: [0.95, 100, 200], bad: [0.2, 100, 200] })
    const ranked = rankCandidates([candidate('bad', 0.8), candidate('good', 0.75)], evidence, null, 2)
    expect(ranked.map(({ skill }) => skill.name)).toEqual(['good', 'bad'])
  })

  it('reads no further than the first places need, and answers them as if it had read all', () => {
    const random = createRandom(9)
    let read = 0
    for (let round = 0; round < 200; round++) {
      const fused = Array.from({ length: 50 }, () => Math.ceil(40 * random()) / 40).sort((a, b) => b - a)
      const candidates = fused.map((score, index) => candidate(`s${index}`, score))
      const snapshot = buildEffectivenessSnapshot(
        candidates
          .filter(() => random() < 0.7)
          .map(({ skill: { skillId } }) => {
            const passes = Math.floor(60 * random() ** 3)
            const fails = Math.floor(60 * random() ** 3)
            return { skillId, modelFamily: 'gpt', ageDays: 1, passes, fails, offers: passes + fails + 1 }
          }),
      )
      for (const family of [null, 'gpt', 'claude']) {
        const counted = (function* () {
          for (const each of candidates) {
            read++
            yield each
          }
        })()
        const all = rankCandidates(candidates, snapshot, family, 50)
        expect(rankCandidates(counted, snapshot, family, 6)).toEqual(all.slice(0, 6))
      }
    }
    expect(read).toBeLessThan(0.75 * 200 * 3 * 50)
  })
})
