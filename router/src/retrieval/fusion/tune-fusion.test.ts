import { describe, expect, it } from 'vitest'
import { makeSkill } from '../make-skill.fixture.ts'
import { SkillIndex } from '../skill-index.ts'
import { defaultFusion } from './gated.ts'
import { judgeRanking } from './judge-ranking.ts'
import { type LabelledRequest, tuneFusion } from './tune-fusion.ts'

/** Skills whose names mislead and whose descriptions tell: the weight of names ought to fall. */
const skills = Array.from({ length: 60 }, (_, number) =>
  makeSkill(`skill-${number}`, {
    name: `tool${(number * 7) % 60}`,
    description: `topic${number} detail${number}`,
  }),
)
const labelled = (count: number): LabelledRequest[] =>
  Array.from({ length: count }, (_, number) => ({
    text: `tool${number % 60} for topic${number % 60} detail${number % 60}`,
    relevant: new Set([`skill-${number % 60}`]),
  }))

describe('tuneFusion', () => {
  const index = SkillIndex.build(skills, null)
  const misled = { ...defaultFusion, nameCoverage: 2 }

  it('learns what the operator’s requests show, and proves it on others', () => {
    const tuning = tuneFusion(index, labelled(200), misled)
    expect(tuning.accepted).toBe(true)
    expect(tuning.evidence.after).toBeGreaterThan(tuning.evidence.before)
    expect(tuning.evidence).toMatchObject({ trainingRequests: 160, heldOutRequests: 40, losses: 0 })
    const { nameCoverage, idfCoverage } = tuning.constants
    expect(nameCoverage / idfCoverage).toBeLessThan(misled.nameCoverage / misled.idfCoverage)
  })

  it('is the same every time and leaves the index alone', () => {
    expect(tuneFusion(index, labelled(60))).toEqual(tuneFusion(index, labelled(60)))
  })

  it('keeps what there was without proof', () => {
    for (const few of [[], labelled(30)]) {
      const tuning = tuneFusion(index, few)
      expect(tuning).toMatchObject({ accepted: false, constants: defaultFusion })
    }
    const noise = labelled(200).map(({ text }, number) => ({
      text,
      relevant: new Set([`skill-${(number * 31) % 60}`]),
    }))
    expect(tuneFusion(index, noise).accepted).toBe(false)
  })
})

describe('judgeRanking', () => {
  it.each([
    [['a', 'b'], ['a'], 1],
    [['b', 'a'], ['a'], 1 / Math.log2(3)],
    [['a', 'x', 'b'], ['a', 'b'], 1.5 / (1 + 1 / Math.log2(3))],
    [['x'], ['a'], 0],
    [[], ['a'], 0],
    [['a'], [], 0],
  ])('%j with %j right is worth %d', (ids, relevant, value) => {
    expect(judgeRanking(ids, new Set(relevant))).toBeCloseTo(value, 12)
  })
})
