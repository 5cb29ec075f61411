import { createEligibleMenu, decideRoute, menuInstruction, rankCandidates } from '@routeiq/router'
import { describe, expect, it } from 'vitest'
import { catalogueSkill } from './catalogue-source.fixture.ts'
import { toHotSkill } from './hot-skill.ts'
import { StableMenuJson } from './stable-menu-json.ts'

const entries = Array.from({ length: 60 }, (_, n) =>
  toHotSkill(catalogueSkill(`skill-${String(n).padStart(2, '0')}`, { description: `Says "${n}" \\ 👋 a|b` })),
)
const policy = { topK: 10, maxMenuSize: null, minRelevance: 0, hintK: 3, exploreRate: 0, holdoutRate: 0 }

function hint(names: readonly string[], stableMenuMaxTokens: number) {
  const menu = createEligibleMenu({ entries, preferred: [], stableMenuMaxTokens })
  const candidates = names.map((name) => {
    const skill = entries.find((entry) => entry.name === name)
    if (skill === undefined) throw new Error(`there is no ${name}`)
    return { skill, fused: 1, score: 1, relevance: 1, lists: {} }
  })
  const { stable } = decideRoute(menu, rankCandidates(candidates, null, null, 20), policy, null)
  const members = Buffer.from(new StableMenuJson(menu.stable).format(stable), 'latin1')
  return { menu, stable, members: JSON.parse(`{${members.toString()}}`) }
}

describe('StableMenuJson', () => {
  it.each([
    ['nothing is added', ['skill-01'], 300, false],
    ['rows come in between and behind', ['skill-59', 'skill-30', 'skill-31'], 300, true],
    ['nothing else had room', ['skill-05', 'skill-01'], 1, true],
    ['everything has room', ['skill-59'], 40_000, false],
  ] as const)('says what the menu says when %s', (_, names, maxTokens, isChanged) => {
    const { menu, stable, members } = hint(names, maxTokens)
    expect(stable !== menu.stable).toBe(isChanged)
    expect(stable.names).toEqual(expect.arrayContaining([...names]))
    expect(members).toEqual({
      stable_menu: stable.text,
      stable_menu_skills: stable.names,
      menu_instruction: menuInstruction,
    })
  })
})
