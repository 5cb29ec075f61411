import { describe, expect, it } from 'vitest'
import { comparePatterns, matchPattern, substituteCaptures } from './match-pattern.ts'

describe('matchPattern', () => {
  it.each([
    ['*', 'anything/at all', ['anything/at all']],
    ['openai/*', 'openai/gpt-4o', ['gpt-4o']],
    ['openai/*', 'openai/x/y', ['x/y']],
    ['openai/*', 'openai/', null],
    ['openai/*', 'anthropic/claude', null],
    ['*-mini', 'gpt-4o-mini', ['gpt-4o']],
    ['a*b*c', 'a1b2c', ['1', '2']],
    ['a*b*c', 'abbcc', ['b', 'c']],
    ['*/gpt-*', 'eu/gpt-5', ['eu', '5']],
    ['a*a', 'aa', null],
    ['exact', 'exact', []],
    ['exact', 'exactly', null],
    ['gpt.4*', 'gptx4o', null],
  ])('%s against %s', (pattern, name, captures) => {
    expect(matchPattern(pattern, name)).toEqual(captures)
  })

  it('gives captures that put the name together again', () => {
    for (const [pattern, name] of [
      ['a*b*c', 'aXbYbZc'],
      ['*x*', '1x2x3'],
      ['p/*-*-v*', 'p/a-b-c-v1'],
    ] as const) {
      const captures = matchPattern(pattern, name)
      expect(substituteCaptures(pattern, captures ?? [])).toBe(name)
    }
  })

  it('takes linear time on hostile names', () => {
    const pattern = `${'*a'.repeat(50)}*b`
    expect(matchPattern(pattern, 'a'.repeat(100_000))).toBeNull()
  })
})

describe('substituteCaptures', () => {
  it.each([
    ['*', ['gpt-4o'], 'gpt-4o'],
    ['models/*/v*', ['x', '2'], 'models/x/v2'],
    ['fixed', ['ignored'], 'fixed'],
  ])('%s', (model, captures, expected) => {
    expect(substituteCaptures(model, captures)).toBe(expected)
  })
})

describe('comparePatterns', () => {
  it('sorts by literal prefix, then literal total, then keeps file order', () => {
    const patterns = ['*', 'openai/*', '*-turbo', 'openai/gpt-*', 'openai/*-mini', 'mistral*']
    expect(patterns.sort(comparePatterns)).toEqual([
      'openai/gpt-*',
      'openai/*-mini',
      'openai/*',
      'mistral*',
      '*-turbo',
      '*',
    ])
  })
})
