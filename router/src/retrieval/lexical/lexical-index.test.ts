import { describe, expect, it } from 'vitest'
import { createRandom, makeRandomSkills, makeSkill } from '../make-skill.fixture.ts'
import type { SkillDocument } from '../skill-document.ts'
import { SkillReader } from '../skill-reader.ts'
import { stem } from '../text/stem.ts'
import { tokenise } from '../text/tokenise.ts'
import { Vocabulary } from '../text/vocabulary.ts'
import { fields } from './fields.ts'
import { LexicalIndex, type MatchedTerm } from './lexical-index.ts'

/** BM25F word for word after the formula, over all skills. */
function scoreNaively(skills: readonly SkillDocument[], query: ReadonlyMap<string, number>): number[] {
  const texts = skills.map((skill) => fields.map(({ read }) => tokenise(read(skill)).map(stem)))
  const average = (field: number): number =>
    texts.reduce((sum, text) => sum + (text[field]?.length ?? 0), 0) / skills.length
  return texts.map((text) => {
    let score = 0
    for (const [term, times] of query) {
      const holders = texts.filter((other) => other.some((words) => words.includes(term))).length
      const idf = Math.log(1 + (skills.length - holders + 0.5) / (holders + 0.5))
      let frequency = 0
      for (const [index, { weight, dilution }] of fields.entries()) {
        const words = text[index] ?? []
        const count = words.filter((word) => word === term).length
        if (count > 0)
          frequency += (weight * count) / (1 - dilution + (dilution * words.length) / average(index))
      }
      score += idf * times * ((frequency * 2.2) / (frequency + 1.2))
    }
    return score
  })
}

function buildIndex(skills: readonly SkillDocument[]) {
  const vocabulary = new Vocabulary()
  const index = new LexicalIndex(vocabulary)
  const put = (slot: number, skill: SkillDocument): void =>
    index.put(slot, new SkillReader(vocabulary).read(skill).texts)
  for (const [slot, skill] of skills.entries()) put(slot, skill)
  const match = (counts: ReadonlyMap<string, number>): MatchedTerm[] =>
    [...counts]
      .flatMap(([word, count]) => index.match(vocabulary.findWord(word), count) ?? [])
      .sort((one, other) => other.weight - one.weight)
  return { index, put, match }
}

const random = createRandom(7)
const skills = makeRandomSkills(300, random)
const queries = Array.from({ length: 40 }, () => {
  const words = Array.from(
    { length: 1 + Math.floor(random() * 12) },
    () => `w${Math.floor(200 * random() ** 3)}`,
  )
  return new Map(words.map((word) => [word, random() < 0.2 ? 2 : 1]))
})

describe('LexicalIndex', () => {
  it('scores by BM25F', () => {
    const { index, match } = buildIndex(skills)
    for (const query of queries.slice(0, 8)) {
      const naive = scoreNaively(skills, query)
      const terms = match(query)
      for (const [slot, expected] of naive.entries()) {
        expect(Math.abs(index.measure(slot, terms) - expected)).toBeLessThanOrEqual(1e-6 * expected)
      }
    }
  })

  it.each([1, 5, 20])('finds the same %i best as a look at every skill', (depth) => {
    const { index, match } = buildIndex(skills)
    const accepts = (slot: number): boolean => slot % 3 !== 0
    for (const query of queries) {
      const terms = match(query)
      const scored = skills.map((_, slot) => ({ slot, score: index.measure(slot, terms) }))
      const ordered = scored
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || a.slot - b.slot)
      const best = ordered.map(({ slot }) => slot)
      expect(index.search(terms, depth, null)).toEqual(best.slice(0, depth))
      expect(index.search(terms, depth, accepts)).toEqual(best.filter(accepts).slice(0, depth))
    }
  })

  it('scores after edits and removals like an index built anew', () => {
    const edited = buildIndex(makeRandomSkills(300, createRandom(8)))
    for (const query of queries) edited.index.search(edited.match(query), 10, null)
    for (let slot = 200; slot < 300; slot++) edited.index.delete(slot)
    for (const [slot, skill] of skills.slice(0, 200).entries()) edited.put(slot, skill)
    edited.index.delete(250)
    const fresh = buildIndex(skills.slice(0, 200))
    for (const query of queries) {
      const found = edited.index.search(edited.match(query), 10, null)
      expect(found).toEqual(fresh.index.search(fresh.match(query), 10, null))
      for (const slot of found) {
        expect(edited.index.measure(slot, edited.match(query))).toEqual(
          fresh.index.measure(slot, fresh.match(query)),
        )
      }
    }
  })

  it('keeps common terms of many skills as lists, and finds and scores the same with them', () => {
    const many = makeRandomSkills(2500, createRandom(9))
    const { index, put, match } = buildIndex(many)
    const impacts = new Float64Array(many.length)
    const slots = Int32Array.from(many.keys())
    const compare = (): void => {
      for (const query of queries.slice(0, 10)) {
        const terms = match(query)
        const scores = many.map((_, slot) => index.measure(slot, terms))
        const best = [...scores].sort((one, other) => other - one)
        const found = index.search(terms, 20, null)
        for (const [place, slot] of found.entries()) expect(scores[slot]).toBeCloseTo(best[place] ?? 0, 2)
        const [first] = terms
        if (first === undefined) continue
        index.readImpacts(first, slots, impacts)
        for (const slot of slots.subarray(0, 50))
          expect(impacts[slot]).toBeCloseTo(index.measure(slot, [{ ...first, weight: 1 }]), 4)
      }
    }
    compare()
    for (let slot = 0; slot < 100; slot++) index.delete(slot)
    for (let slot = 200; slot < 300; slot++) put(slot, many[slot - 200] ?? makeSkill('none'))
    compare()
    const accepts = (slot: number): boolean => slot % 3 !== 0
    expect(index.search(match(queries[0] ?? new Map()), 20, accepts).every(accepts)).toBe(true)
  })

  it('holds counts greater than a posting can', () => {
    const loud = makeSkill('loud', { body: 'echo '.repeat(3000), name: 'echo '.repeat(100) })
    const { index, match } = buildIndex([loud])
    expect(index.measure(0, match(new Map([['echo', 1]])))).toBeGreaterThan(0)
  })
})
