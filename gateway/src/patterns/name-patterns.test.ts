import { describe, expect, it } from 'vitest'
import { matchGlob } from './match-glob.ts'
import { NamePatterns } from './name-patterns.ts'

describe('matchGlob', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything/at all', true],
    ['gpt-*', 'gpt-', true],
    ['gpt-*', 'gpt', false],
    ['gpt-?o', 'gpt-4o', true],
    ['gpt-?o', 'gpt-o', false],
    ['*-mini', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini-2', false],
    ['a*b*c', 'aXbXbc', true],
    ['a*b*c', 'acb', false],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['a[b', 'a[b', true],
  ])('%j and %j: %s', (glob, text, fits) => {
    expect(matchGlob(glob, text)).toBe(fits)
  })

  it('does not lose itself among many stars', () => {
    expect(matchGlob(`${'a*'.repeat(50)}b`, 'a'.repeat(5_000))).toBe(false)
  })
})

describe('NamePatterns', () => {
  it('takes names, globs and regular expressions', () => {
    const patterns = new NamePatterns(['gpt-4o', 'claude-*', '^o\\d$'])
    expect(['gpt-4o', 'claude-3', 'o1'].every((name) => patterns.matches(name))).toBe(true)
    expect(['gpt-4', 'my-claude-3', 'o12', ''].some((name) => patterns.matches(name))).toBe(false)
  })

  it('says which pattern is none', () => {
    expect(() => new NamePatterns(['^(a'])).toThrow('"^(a" is no usable pattern')
  })
})
