import { describe, expect, it } from 'vitest'
import { IndexBuilder } from './index-builder.ts'
import { makeSkill } from './make-skill.fixture.ts'
import { SkillIndex } from './skill-index.ts'

const skills = [
  makeSkill('pdf-forms', { description: 'Fill the fields of a PDF form' }),
  makeSkill('weather', { description: 'Forecast for a city' }),
  makeSkill('invoices', { description: 'Read amounts from scanned invoices', tags: ['pdf'] }),
]
const idsOf = (index: SkillIndex, query: string): string[] =>
  index.search(query, { depth: 10 }).map((result) => result.id)

describe('SkillIndex', () => {
  it('puts the skill that shares most words first', () => {
    expect(idsOf(SkillIndex.build(skills, null), 'fill this pdf form')[0]).toBe('pdf-forms')
  })

  it('leaves out what is not accepted, and stops at the depth', () => {
    const index = SkillIndex.build(skills, null)
    const accept = (id: string): boolean => id !== 'pdf-forms'
    expect(index.search('pdf', { depth: 10, accept }).map(({ id }) => id)).toEqual(['invoices'])
    expect(index.search('pdf', { depth: 1 })).toHaveLength(1)
  })

  it('follows edits and removals', () => {
    const index = SkillIndex.build(skills, null)
    index.upsert(makeSkill('weather', { description: 'Rain and pdf' }))
    expect(idsOf(index, 'rain')).toEqual(['weather'])
    expect(index.remove('weather')).toBe(true)
    expect(index.remove('weather')).toBe(false)
    expect(idsOf(index, 'rain')).toEqual([])
  })
})

describe('IndexBuilder', () => {
  it('adds slices until all are in', () => {
    const builder = new IndexBuilder(skills, null)
    expect(builder.addSome(2)).toBe(true)
    expect(builder.index.size).toBe(2)
    expect(builder.addSome(2)).toBe(false)
    expect(idsOf(builder.index, 'scanned invoices')).toEqual(['invoices'])
  })
})
