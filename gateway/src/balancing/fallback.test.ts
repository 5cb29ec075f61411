import { describe, expect, it } from 'vitest'
import { modelConfig, routingDefaults, snapshotOf } from '../deployments/for-test.ts'
import { findFallbacks } from './fallback.ts'

const group = snapshotOf([modelConfig('openai/gpt-4o')]).groups.get('openai/gpt-4o')

function find(table: Record<string, string[]>, requestedName: string | null = null, defaults: string[] = []) {
  if (group === undefined) throw new Error('no group')
  const routing = {
    ...routingDefaults,
    fallbacks: new Map(Object.entries(table)),
    defaultFallbacks: defaults,
  }
  return findFallbacks('general', group, requestedName, routing, null).map(({ target }) => target)
}

describe('findFallbacks', () => {
  const all = {
    alias: ['by-alias'],
    'openai/gpt-4o': ['by-name'],
    'gpt-4o': ['by-stripped'],
    '*': ['by-star'],
  }

  it.each([
    ['the requested name', all, 'alias', 'by-alias'],
    ['the group', all, null, 'by-name'],
    ['the name without its provider', { 'gpt-4o': ['by-stripped'], '*': ['by-star'] }, null, 'by-stripped'],
    ['the star', { other: ['x'], '*': ['by-star'] }, null, 'by-star'],
    ['the defaults', { other: ['x'] }, null, 'by-default'],
  ])('looks up %s', (_, table, requestedName, expected) => {
    expect(find(table as Record<string, string[]>, requestedName, ['by-default'])).toEqual([expected])
  })

  it('finds nothing without configuration', () => {
    expect(find({})).toEqual([])
  })
})
