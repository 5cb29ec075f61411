import { describe, expect, it } from 'vitest'
import { decideMenu } from './decide-menu.ts'
import { decideRoute, decideWithoutRanking, type RoutePolicy } from './decide-route.ts'
import { createEligibleMenu, type EligibleMenu } from './eligible-menu.ts'
import { compareNames, type MenuEntry, toMenuEntry } from './menu-entry.ts'
import { menuInstruction, renderRoutingHint } from './prompt-fragment.ts'
import { randomEntries, randomRanking, seedOf } from './random-catalogue.fixture.ts'
import type { RankedCandidate } from './rank-candidates.ts'
import { readRowNames } from './read-row-names.fixture.ts'

const policy: RoutePolicy = {
  topK: 10,
  maxMenuSize: null,
  minRelevance: 0.15,
  hintK: 3,
  exploreRate: 0.1,
  holdoutRate: 0,
}
const menuOf = (entries: readonly MenuEntry[], stableMenuMaxTokens = 4_000): EligibleMenu<MenuEntry> =>
  createEligibleMenu({ entries, preferred: [], stableMenuMaxTokens })
const skills = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const name = `skill-${String(index).padStart(3, '0')}`
    return toMenuEntry({ skillId: name, name, description: `Does ${index}.` })
  }).sort(compareNames)
const rank = (entries: readonly MenuEntry[], relevances: readonly number[]): RankedCandidate<MenuEntry>[] =>
  relevances.flatMap((relevance, index) => {
    const skill = entries[index]
    const evidence = { lists: {}, factor: 1, bonus: 0, judged: 50, offers30d: 0 }
    return skill === undefined
      ? []
      : [{ skill, fused: 1 - index / 100, final: 1 - index / 100, relevance, score: relevance, ...evidence }]
  })
const namesOf = (rows: readonly { skill: MenuEntry }[]) => rows.map(({ skill }) => skill.name)

describe('decideRoute', () => {
  it('offers a short menu whole, in the order of the match', () => {
    const entries = skills(4)
    const ranked = rank([...entries].reverse(), [0.9, 0.1])
    const decision = decideRoute(menuOf(entries), ranked, policy, seedOf('x'))
    expect(decision.strategy).toBe('full_menu')
    expect(namesOf(decision.rows)).toEqual(['skill-003', 'skill-002', 'skill-000', 'skill-001'])
    expect(decision.rows.map(({ selected }) => selected)).toEqual([true, false, false, false])
    expect(readRowNames(decision.promptFragment)).toEqual(namesOf(decision.rows).sort())
    expect(decision.promptFragment.startsWith('## Available Skills\n')).toBe(true)
    expect(decision.hinted.map(({ name }) => name)).toEqual(['skill-003'])
    expect(decision.abstained).toBe(false)
  })

  it('offers the best of a longer one', () => {
    const entries = skills(40)
    const relevances = [0.9, 0.8, 0.7, 0.6, 0.14, 0.1]
    const decision = decideRoute(menuOf(entries), rank(entries, relevances), policy, seedOf('x'))
    expect(decision.strategy).toBe('smart_routing')
    expect(namesOf(decision.rows)).toEqual(namesOf(rank(entries, relevances)))
    expect(decision.rows.map(({ selected }) => selected)).toEqual([true, true, true, true, false, false])
    expect(decision.hinted).toHaveLength(3)
    expect(decision.rows.map((row) => row.rank)).toEqual([1, 2, 3, 4, 5, 6])
    expect(decision.stable.names).toHaveLength(40)
  })

  it('abstains when nothing is relevant', () => {
    const entries = skills(40)
    const decision = decideRoute(menuOf(entries), rank(entries, [0.14, 0.1]), policy, seedOf('x'))
    expect(decision).toMatchObject({ rows: [], hinted: [], promptFragment: '', abstained: true })
    expect(decision.stable.names).toHaveLength(40)
  })

  it.each([
    [40, 3],
    [5, 3],
  ])('caps the rows of %d skills at max_menu_size, in answer and fragment', (count, maxMenuSize) => {
    const entries = skills(count)
    const ranked = rank(
      entries,
      entries.map(() => 0.5),
    )
    const decision = decideRoute(menuOf(entries), ranked, { ...policy, maxMenuSize }, null)
    expect(decision.rows).toHaveLength(maxMenuSize)
    expect(readRowNames(decision.promptFragment)).toHaveLength(maxMenuSize)
    expect(decision.stable.names).toHaveLength(count)
  })

  it('holds out everything, stable menu included', () => {
    const entries = skills(40)
    const held = decideRoute(
      menuOf(entries),
      rank(entries, [0.9]),
      { ...policy, holdoutRate: 1 },
      seedOf('x'),
    )
    expect(held).toMatchObject({ rows: [], promptFragment: '', stable: { text: '' }, holdout: true })
    expect(held.passedOver.map(({ skill, propensity }) => [skill, propensity])).toEqual([[entries[0], 1]])
    const dry = decideRoute(menuOf(entries), rank(entries, [0.9]), { ...policy, holdoutRate: 1 }, null)
    expect(dry.rows).toHaveLength(1)
  })

  it('answers without skills', () => {
    const decision = decideRoute(menuOf([]), [], policy, seedOf('x'))
    expect(decision).toMatchObject({
      strategy: 'full_menu',
      rows: [],
      promptFragment: '',
      stable: { text: '' },
    })
  })

  it('falls back to what the stable menu holds, by name', () => {
    const entries = skills(400)
    const menu = menuOf(entries, 200)
    const decision = decideWithoutRanking(menu, policy)
    expect(decision.strategy).toBe('full_menu')
    expect(namesOf(decision.rows)).toEqual(menu.stable.names)
    expect(decision.hinted).toEqual([])
  })
})

describe('decideMenu', () => {
  it('lists everything by name, or the preferred part of it', () => {
    const entries = skills(40)
    expect(decideMenu(menuOf(entries), null).rows).toHaveLength(40)
    const preferred = entries.slice(30, 31)
    const menu = createEligibleMenu({ entries, preferred, stableMenuMaxTokens: 4_000 })
    const cut = decideMenu(menu, 3)
    expect(namesOf(cut.rows)).toEqual(['skill-000', 'skill-001', 'skill-030'])
    expect(readRowNames(cut.promptFragment)).toEqual(namesOf(cut.rows))
  })
})

describe('the split form, over 1 000 random catalogues', () => {
  it.each(Array.from({ length: 20 }, (_, chunk) => chunk))('keeps its invariants (%d)', (chunk) => {
    for (let run = chunk * 50; run < (chunk + 1) * 50; run += 1) {
      const random = seedOf(`catalogue ${run}`)
      const entries = randomEntries(random, run % 3 === 0 ? 30 : 90)
      const cap = run % 2 === 0 ? 4_000 : 300
      const menu = menuOf(entries, cap)
      const first = decideRoute(menu, randomRanking(random, entries), policy, seedOf(`a${run}`))
      const second = decideRoute(
        menuOf(entries, cap),
        randomRanking(random, entries),
        policy,
        seedOf(`b${run}`),
      )
      for (const { stable, hinted, rows, promptFragment } of [first, second]) {
        // 2: the same bytes from the same catalogue, unless the cap let a hinted name in.
        const added = hinted.some(({ name }) => !menu.stable.names.includes(name))
        if (!added) expect(stable.text).toBe(menu.stable.text)
        expect(stable.text === '' || /[^\n]\n$/.test(stable.text)).toBe(true)
        // 3: hinted names are visible, and the names are those of the rows.
        expect(readRowNames(stable.text)).toEqual(stable.names)
        for (const { name } of hinted) expect(stable.names).toContain(name)
        const byName = stable.names.map((name) => ({ name })).sort(compareNames)
        expect(stable.names).toEqual(byName.map(({ name }) => name))
        // 1, 4: the fragment lists what is offered and nothing else, with one instruction at its end.
        expect(readRowNames(promptFragment).sort()).toEqual(namesOf(rows).sort())
        if (rows.length > 0) expect(promptFragment.endsWith(`\n\n${menuInstruction}\n`)).toBe(true)
        // 5: what changes from request to request is the hint, a line of its own, behind every cacheable byte.
        const hint = renderRoutingHint(hinted.map(({ name }) => name))
        expect(hint).not.toContain('\n')
        const percentages = (promptFragment.match(/ (\d+)% \|\n/g) ?? []).map((cell) =>
          Number.parseInt(cell, 10),
        )
        expect(percentages).toEqual([...percentages].sort((a, b) => b - a))
      }
    }
  })
})
