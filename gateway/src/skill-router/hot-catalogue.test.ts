import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { CatalogueSkill } from '../skills/catalogue.ts'
import { catalogueSkill } from './catalogue-source.fixture.ts'
import { HotCatalogue } from './hot-catalogue.ts'
import { versionFor } from './hot-skill.ts'

let usageOf = (_skillId: string): number => 0
let embedderReads = 0

function open(...skills: readonly CatalogueSkill[]): HotCatalogue {
  const catalogue = new HotCatalogue({
    workspaceId: 'acme',
    embedder: () => {
      embedderReads += 1
      return null
    },
    index: {},
    stableMenuMaxTokens: 4_000,
    usageOf: (skillId) => usageOf(skillId),
    now: () => 0,
  })
  for (const skill of skills) catalogue.put(skill, [])
  catalogue.commit(1)
  return catalogue
}
const namesOf = (skills: readonly { name: string }[]) => skills.map(({ name }) => name)
const find = (catalogue: HotCatalogue, query: string, agent: string | null, exclude: string[] = []) =>
  catalogue
    .search(query, { menu: catalogue.menuFor(agent, null), exclude: new Set(exclude) }, 10)
    .map(({ id }) => id)

function haveOneHiddenClass(objects: readonly object[]): boolean {
  setFlagsFromString('--allow-natives-syntax')
  const isSame: (one: object, other: unknown) => boolean = runInThisContext('(a, b) => %HaveSameMap(a, b)')
  const areSame = objects.every((object) => isSame(object, objects[0]))
  setFlagsFromString('--no-allow-natives-syntax')
  return areSame
}

describe('HotCatalogue', () => {
  it('keeps skills of one hidden class, and finds them again by their places', () => {
    const skills = Array.from({ length: 40 }, (_, n) => catalogueSkill(`word${n}`))
    const catalogue = open(...skills)
    catalogue.remove('id-word3')
    catalogue.put(catalogueSkill('word40'), [])
    catalogue.put(catalogueSkill('word7', { versionNumber: 2 }), [])
    catalogue.commit(2)
    const menu = catalogue.menuFor(null, null)
    expect(haveOneHiddenClass(menu.entries)).toBe(true)
    for (const skill of menu.entries) {
      const [first] = catalogue.search(skill.name, { menu, exclude: new Set() }, 5)
      expect(first && catalogue.foundAt(first)).toBe(skill)
    }
  })

  it('asks for no embedder before there is a skill', () => {
    embedderReads = 0
    const catalogue = open()
    expect(find(catalogue, 'anything', null)).toEqual([])
    catalogue.remove('id-x')
    expect(embedderReads).toBe(0)
    for (const name of ['one', 'two']) catalogue.put(catalogueSkill(name), [])
    catalogue.commit(2)
    expect(find(catalogue, 'two', null)).toEqual(['id-two'])
    expect(embedderReads).toBe(1)
  })

  const secret = catalogueSkill('secret', { offerScope: 'restricted', assignedAgents: ['ops'] })

  it('shows restricted skills to the agents they are assigned to, in menu, search and by name', () => {
    const catalogue = open(catalogueSkill('open'), secret)
    expect(namesOf(catalogue.menuFor('ops', null).entries)).toEqual(['open', 'secret'])
    expect(namesOf(catalogue.menuFor('other', null).entries)).toEqual(['open'])
    expect(find(catalogue, 'secret', 'ops')).toEqual(['id-secret'])
    expect(find(catalogue, 'secret', 'other')).toEqual([])
    for (const reference of ['secret', 'id-secret']) {
      expect(catalogue.find(reference, 'ops')?.name).toBe('secret')
      expect(catalogue.find(reference, null)).toBeNull()
    }
  })

  it('shares one menu between agents no skill knows, however many there are', () => {
    const catalogue = open(catalogueSkill('open'), secret)
    expect(catalogue.menuFor('a', null)).toBe(catalogue.menuFor('b', null))
    expect(catalogue.menuFor('ops', null)).not.toBe(catalogue.menuFor('a', null))
  })

  it('filters by category, whatever its case, and leaves out what is excluded by any of its names', () => {
    const catalogue = open(
      catalogueSkill('acme/tax', { category: 'Finance', description: 'Money.' }),
      catalogueSkill('poem', { description: 'Money.' }),
    )
    expect(namesOf(catalogue.menuFor(null, 'FINANCE').entries)).toEqual(['acme/tax'])
    for (const reference of ['acme/tax', 'acme-tax', 'id-acme/tax'])
      expect(find(catalogue, 'money', null, [reference])).toEqual(['id-poem'])
  })

  it('keeps menus as they were handed out, and follows changes with the next commit', () => {
    const catalogue = open(catalogueSkill('a'), catalogueSkill('b'))
    const before = catalogue.menuFor(null, null)
    catalogue.put(catalogueSkill('c'), [])
    catalogue.remove('id-a')
    catalogue.commit(2)
    expect(namesOf(before.entries)).toEqual(['a', 'b'])
    expect(namesOf(catalogue.menuFor(null, null).entries)).toEqual(['b', 'c'])
    expect(catalogue.find('a', null)).toBeNull()
    expect(find(catalogue, 'a, b or c', null).sort()).toEqual(['id-b', 'id-c'])
  })

  it('lists in the order of names after any changes', () => {
    const names = Array.from({ length: 40 }, (_, n) => `s${(n * 17) % 40}`)
    const catalogue = open(...names.slice(0, 20).map((name) => catalogueSkill(name)))
    for (const name of names.slice(20)) catalogue.put(catalogueSkill(name), [])
    catalogue.arrange()
    for (const name of names.filter((_, n) => n % 3 === 0)) catalogue.remove(`id-${name}`)
    catalogue.put(catalogueSkill('s5', { skillId: 'id-renamed' }), [])
    catalogue.put(catalogueSkill('s999', { skillId: 'id-renamed' }), [])
    catalogue.put(catalogueSkill('s1', { description: 'Changed.' }), [])
    catalogue.commit(2)
    const left = names.filter((name, n) => n % 3 !== 0 || name === 's1')
    expect(namesOf(catalogue.menuFor(null, null).entries)).toEqual([...left, 's999'].sort())
    expect(catalogue.size).toBe(left.length + 1)
  })

  it('has the digest of its content, whatever way it came about', () => {
    const straight = open(catalogueSkill('a'), catalogueSkill('b'))
    const winding = open(catalogueSkill('b', { description: 'x' }), catalogueSkill('c'), catalogueSkill('a'))
    expect(winding.digest).not.toBe(straight.digest)
    winding.remove('id-c')
    winding.put(catalogueSkill('b'), [])
    winding.commit(9)
    expect(winding.digest).toBe(straight.digest)
    expect(winding.menuFor(null, null).digest).toBe(straight.menuFor(null, null).digest)
    expect(straight.menuFor(null, 'x').digest).not.toBe(straight.menuFor(null, null).digest)
  })

  it('keeps assigned and then used skills when a menu is cut', () => {
    usageOf = (skillId) => ['id-c', 'id-d'].indexOf(skillId) + 1
    const names = ['a', 'b', 'c', 'd', 'e']
    const catalogue = open(...names.map((name) => catalogueSkill(name)), secret)
    const { preferred } = catalogue.menuFor('ops', null)
    usageOf = () => 0
    expect(namesOf(preferred)).toEqual(['secret', 'd', 'c'])
  })

  it('serves an agent its pin, else the one of the workspace, else the newest', () => {
    const pin = (agent: string | null, versionNumber: number) => ({
      agent,
      versionId: `v${versionNumber}`,
      versionNumber,
      contentHash: `hash ${versionNumber}`,
    })
    const skill = open(catalogueSkill('a', { versionNumber: 9, pins: [pin(null, 3), pin('ops', 2)] })).get(
      'id-a',
    )
    const versionOf = (agent: string | null) => skill && versionFor(skill, agent).versionNumber
    expect([versionOf('ops'), versionOf('other'), versionOf(null)]).toEqual([2, 3, 3])
    const free = open(catalogueSkill('a', { versionNumber: 9 })).get('id-a')
    expect(free && versionFor(free, 'ops').versionNumber).toBe(9)
  })
})
