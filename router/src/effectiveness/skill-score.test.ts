import { describe, expect, it } from 'vitest'
import { computeSkillScore, type SkillScoreEvidence } from './skill-score.ts'

const none: SkillScoreEvidence = { benchmark: null, live: null, judge: null }
const benchmark = { passWith: 0.9, passWithout: 0.5, cases: 20, errorDominated: false }

describe('SkillScore', () => {
  it('is null, not zero, without evidence', () => {
    expect(computeSkillScore(none)).toEqual({ score: null, provisional: false, legs: [] })
  })

  it('weighs what is there', () => {
    // Half of (0.9 + 0.7) with half of the trust; 0.8 with 30/60; 0.9 with 20/40.
    const score = computeSkillScore({
      benchmark,
      live: { effectiveness: 0.8, judged: 30 },
      judge: { meanRating: 0.9, ratings: 20 },
    })
    expect(
      score.legs.map(({ name, value, n, weight }) => [name, Number(value.toFixed(9)), n, weight]),
    ).toEqual([
      ['benchmark', 0.65, 20, 0.4],
      ['live', 0.65, 30, 0.4],
      ['judge', 0.7, 20, 0.2],
    ])
    expect(score).toMatchObject({ score: 66, provisional: false })
  })

  it('is provisional on one leg, and rounds to one decimal', () => {
    expect(computeSkillScore({ ...none, live: { effectiveness: 0.8123, judged: 77 } })).toMatchObject({
      score: 72.5,
      provisional: true,
    })
  })

  it.each([
    ['a benchmark of mostly errors', { ...none, benchmark: { ...benchmark, errorDominated: true } }],
    ['a benchmark of two cases', { ...none, benchmark: { ...benchmark, cases: 2 } }],
    ['nine judged activations', { ...none, live: { effectiveness: 1, judged: 9 } }],
    ['four ratings', { ...none, judge: { meanRating: 1, ratings: 4 } }],
  ])('is not moved by %s', (_, evidence) => {
    expect(computeSkillScore(evidence).score).toBeNull()
  })
})
