import { describe, expect, it } from 'vitest'
import { estimateTokens } from './estimate-tokens.ts'
import { compareNames, toMenuEntry } from './menu-entry.ts'
import { readRowNames } from './read-row-names.fixture.ts'
import { addHinted, buildStableMenu } from './stable-menu.ts'

const entries = (names: readonly string[]) =>
  names
    .map((name) => toMenuEntry({ skillId: `id-${name}`, name, description: `What ${name} does.` }))
    .sort(compareNames)

describe('buildStableMenu', () => {
  it('sorts by the bytes of the names', () => {
    const names = ['b', 'a', 'B', 'é', 'a-b', '\u{1f600}', '\uffee', 'a/b']
    const sorted = ['B', 'a', 'a-b', 'a/b', 'b', 'é', '\uffee', '\u{1f600}']
    expect(entries(names).map(({ name }) => name)).toEqual(sorted)
  })

  it('holds everything while it fits', () => {
    const menu = buildStableMenu({ entries: entries(['b', 'a']), preferred: [], maxTokens: 4_000 })
    expect(menu.text).toBe(
      '## Available Skills\n\n| Skill | Description |\n|-------|-------------|\n' +
        '| a | What a does. |\n| b | What b does. |\n',
    )
    expect(menu.kept).toBeNull()
  })

  it('is empty without skills', () => {
    expect(buildStableMenu({ entries: [], preferred: [], maxTokens: 4_000 })).toMatchObject({
      text: '',
      names: [],
    })
  })

  it('keeps the preferred first, then by name, within its tokens, and sorts what it kept', () => {
    const all = entries(Array.from({ length: 400 }, (_, index) => `skill-${String(index).padStart(3, '0')}`))
    const preferred = [all[300], all[7]].filter((entry) => entry !== undefined)
    const menu = buildStableMenu({ entries: all, preferred, maxTokens: 200 })
    expect(estimateTokens(menu.text.length)).toBeLessThanOrEqual(200)
    expect(menu.names.slice(0, 3)).toEqual(['skill-000', 'skill-001', 'skill-002'])
    expect(menu.names).toContain('skill-300')
    expect(menu.names).toEqual([...menu.names].sort())
    expect(readRowNames(menu.text)).toEqual(menu.names)
  })

  it('takes in hinted skills that did not fit', () => {
    const all = entries(Array.from({ length: 400 }, (_, index) => `skill-${String(index).padStart(3, '0')}`))
    const menu = buildStableMenu({ entries: all, preferred: [], maxTokens: 200 })
    const last = all.slice(-1)
    expect(addHinted(menu, all.slice(0, 1))).toBe(menu)
    expect(addHinted(menu, last).names).toEqual([...menu.names, 'skill-399'])
    expect(menu.names).not.toContain('skill-399')
    const widened = addHinted(menu, [...last, ...all.slice(200, 202)])
    expect(widened.names).toEqual([...menu.names, 'skill-200', 'skill-201', 'skill-399'])
    expect(readRowNames(widened.text)).toEqual(widened.names)
    expect(addHinted(widened, last)).toBe(widened)
  })
})
