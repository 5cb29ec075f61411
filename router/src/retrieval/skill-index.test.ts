import { describe, expect, it } from 'vitest'
import type { Embedder } from './dense/embedder.ts'
import { normalise } from './dense/static-embedder.ts'
import { searchExhaustively } from './exhaustive-search.fixture.ts'
import { IndexBuilder } from './index-builder.ts'
import { createRandom, makeRandomSkills, makeSkill } from './make-skill.fixture.ts'
import type { Fusion } from './skill-index.ts'
import { SkillIndex } from './skill-index.ts'
import { tokenise } from './text/tokenise.ts'

/** Words that begin alike mean the same. */
const embedder: Embedder = {
  id: 'first-letters',
  dimensions: 64,
  embed(text, into) {
    into.fill(0)
    for (const word of tokenise(text)) {
      const place = (word.charCodeAt(0) * 7 + (word.charCodeAt(1) || 0)) % 64
      into[place] = (into[place] as number) + 1
    }
    normalise(into)
  },
}

const skills = [
  makeSkill('pdf-forms', { description: 'Fill the fields of a PDF form', category: 'documents' }),
  makeSkill('weather', { description: 'Forecast for a city', triggerPhrases: ['will it rain'] }),
  makeSkill('invoices', { description: 'Read amounts from scanned invoices', tags: ['pdf'] }),
]
const idsOf = (index: SkillIndex, query: string): string[] =>
  index.search(query, { depth: 10 }).map((result) => result.id)

describe.each<Fusion>(['gated', 'rrf'])('SkillIndex, %s', (fusion) => {
  it('puts the skill that fits best first', () => {
    for (const used of [null, embedder]) {
      const index = SkillIndex.build(skills, used, { fusion })
      expect(idsOf(index, 'fill this pdf form')[0]).toBe('pdf-forms')
      expect(idsOf(index, 'reading an invoice')[0]).toBe('invoices')
      expect(idsOf(index, 'will it rain tomorrow?')[0]).toBe('weather')
    }
  })

  it('leaves out what is not accepted, and stops at the depth', () => {
    const index = SkillIndex.build(skills, embedder, { fusion })
    const accept = (id: string): boolean => id !== 'pdf-forms'
    expect(index.search('pdf-forms', { depth: 10, accept }).map(({ id }) => id)).not.toContain('pdf-forms')
    expect(index.search('pdf', { depth: 1 })).toHaveLength(1)
    expect(index.search('pdf', { depth: 0 })).toEqual([])
  })

  it('answers after edits and removals like an index built anew', () => {
    const random = createRandom(11)
    const wanted = makeRandomSkills(120, random)
    const edited = SkillIndex.build(makeRandomSkills(150, random), embedder, { fusion })
    for (let number = 120; number < 150; number++) edited.remove(`skill-${number}`)
    for (const skill of [...wanted].reverse()) edited.upsert(skill)
    const fresh = SkillIndex.build(wanted, embedder, { fusion })
    for (let round = 0; round < 30; round++) {
      const query = Array.from({ length: 5 }, () => `w${Math.floor(200 * random() ** 3)}`).join(' ')
      expect(edited.search(query, { depth: 5 })[0]).toEqual(fresh.search(query, { depth: 5 })[0])
    }
    expect(edited.size).toBe(fresh.size)
  })

  it('answers as one that was searched after every skill, and so took each in by itself', () => {
    const random = createRandom(12)
    const word = (): string => `w${Math.floor(900 * random() ** 2)}`
    const known = makeRandomSkills(700, random)
    const together = new SkillIndex(embedder, { fusion })
    const single = new SkillIndex(embedder, { fusion })
    for (const skill of known) {
      together.upsert(skill)
      single.upsert(skill)
      single.search('w0', { depth: 1 })
      if (random() < 0.02) {
        const { id } = known[Math.floor(known.length * random())] ?? skill
        expect(together.remove(id)).toBe(single.remove(id))
      }
      if (random() < 0.005) {
        const query = Array.from({ length: 6 }, word).join(' ')
        expect(together.search(query, { depth: 50 })).toEqual(single.search(query, { depth: 50 }))
      }
    }
    for (let round = 0; round < 60; round++) {
      const query = Array.from({ length: 1 + (round % 12) }, word).join(' ')
      expect(together.search(query, { depth: 50 })).toEqual(single.search(query, { depth: 50 }))
    }
  })

  it('gives scores between 0 and 1 that fall with the fused score', () => {
    const index = SkillIndex.build(makeRandomSkills(80, createRandom(2)), embedder, { fusion })
    const results = index.search('w0 w1 w2 w40', { depth: 80 })
    expect(results.length).toBeGreaterThan(10)
    for (const [place, { score, fused, relevance }] of results.entries()) {
      for (const value of [score, fused, relevance]) expect(value).toSatisfy((n: number) => n >= 0 && n <= 1)
      const before = results[place - 1]
      if (before !== undefined) expect(before.fused >= fused && before.score >= score).toBe(true)
    }
  })

  it.each([
    '',
    ' ',
    '\u200b\u200b',
    '🎉🎉',
    '天気予報を教えて',
    'مرحبا',
    '|||',
    'the of and',
    'a\u0000b',
    '\ud800',
    'x'.repeat(300_000),
    'do this. '.repeat(20_000),
    '__proto__ constructor toString',
  ])('survives a request like %.20j', (query) => {
    for (const known of [[], skills.slice(0, 1), skills]) {
      expect(idsOf(SkillIndex.build(known, embedder, { fusion }), query).length).toBeLessThanOrEqual(
        known.length,
      )
    }
  })
})

describe('SkillIndex', () => {
  it('orders skills with the same text by id', () => {
    const twins = ['b', 'c', 'a'].map((id) => makeSkill(id, { name: 'twin', description: 'the same text' }))
    expect(idsOf(SkillIndex.build(twins, embedder), 'same text')).toEqual(['a', 'b', 'c'])
  })

  it('finds by every field of a skill', () => {
    const index = SkillIndex.build(
      [
        ...skills,
        makeSkill('x1', {
          tags: ['taglike'],
          category: 'categorical',
          body: 'bodily text',
          feedback: ['served before'],
        }),
      ],
      null,
    )
    for (const query of ['taglike', 'categorical', 'bodily', 'served'])
      expect(idsOf(index, query)).toEqual(['x1'])
  })

  it('learns from requests a skill has served', () => {
    const ask = 'umbrella needed'
    expect(idsOf(SkillIndex.build(skills, null), ask)).toEqual([])
    const taught = skills.map((skill) => (skill.id === 'weather' ? { ...skill, feedback: [ask] } : skill))
    expect(idsOf(SkillIndex.build(taught, null), ask)).toEqual(['weather'])
  })

  it('reads Chinese, Japanese and joined names', () => {
    const index = SkillIndex.build(
      [makeSkill('天気', { description: '天気予報を表示する' }), makeSkill('getStockPrice'), ...skills],
      embedder,
    )
    expect(idsOf(index, '明日の天気予報')[0]).toBe('天気')
    expect(idsOf(index, 'stock price of a company')[0]).toBe('getStockPrice')
  })

  it('says in which lists a skill was found, and calls what is called by name relevant', () => {
    const [first] = SkillIndex.build(skills, embedder).search('use pdf_forms please', { depth: 1 })
    expect(first).toMatchObject({ id: 'pdf-forms', relevance: 1, lists: { lexical: 1, literal: 1 } })
  })

  it('takes a skill of any size', () => {
    const huge = makeSkill('huge', {
      body: 'word '.repeat(500_000),
      description: `${'long '.repeat(5000)}unusual`,
    })
    const index = SkillIndex.build([...skills, huge], embedder)
    expect(idsOf(index, 'unusual')[0]).toBe('huge')
    expect(index.remove('huge')).toBe(true)
    expect(index.remove('huge')).toBe(false)
    expect(idsOf(index, 'unusual')).not.toContain('huge')
  })
})

describe('the fast search', () => {
  it.each(Array.from({ length: 6 }, (_, seed) => seed))('finds what an exhaustive one finds (%i)', (seed) => {
    const random = createRandom(seed)
    const known = makeRandomSkills(70, random).map((skill) => ({ ...skill, feedback: [] }))
    const index = SkillIndex.build(known, embedder)
    const word = (): string => (random() < 0.1 ? 'please' : `w${Math.floor(240 * random() ** 2)}`)
    for (let round = 0; round < 6; round++) {
      const sentences = Array.from({ length: 1 + (round % 3) }, () =>
        Array.from({ length: 6 }, word).join(' '),
      )
      const query = sentences.join('. ')
      const expected = searchExhaustively(known, embedder, query)
      const byId = new Map(expected.map(({ id, fused }) => [id, fused]))
      for (const [place, { id, fused }] of index.search(query, { depth: 5 }).entries()) {
        expect(fused).toBeCloseTo(expected[place]?.fused ?? Number.NaN, 6)
        expect(fused).toBeCloseTo(byId.get(id) ?? Number.NaN, 6)
      }
    }
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
