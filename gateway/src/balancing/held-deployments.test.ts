import { expect, it } from 'vitest'
import { HeldDeployments } from './held-deployments.ts'

const limits = { ttlMs: 1_000, mostEntries: 2 }

function open() {
  const told: unknown[] = []
  const held = new HeldDeployments({ limits: () => limits, announce: (...notice) => told.push(notice) })
  return { held, told }
}

it('forgets what was not used for as long as it lasts, and the oldest of too many', () => {
  const { held } = open()
  held.remember('a', 'one', 0)
  expect(held.find('a', 1_000)).toBe('one')
  expect(held.find('a', 1_001)).toBeNull()
  held.remember('b', 'two', 10)
  held.remember('a', 'one', 20)
  held.remember('c', 'three', 30)
  expect(['a', 'b', 'c'].map((key) => held.find(key, 30))).toEqual(['one', null, 'three'])
})

it('tells others of what is new, and of the rest before they forget it', () => {
  const { held, told } = open()
  for (const now of [0, 100, 501, 600]) held.remember('a', 'one', now)
  held.remember('a', 'two', 700)
  expect(told).toEqual([
    ['a', 'one', 0],
    ['a', 'one', 501],
    ['a', 'two', 700],
  ])
})

it('takes the word of others unless it knows better', () => {
  const { held, told } = open()
  held.remember('a', 'one', 100)
  held.adopt('a', 'two', 50)
  expect(held.find('a', 100)).toBe('one')
  held.adopt('a', 'two', 150)
  expect(held.find('a', 150)).toBe('two')
  expect(told).toHaveLength(1)
})

it('holds nothing while it is off', () => {
  const held = new HeldDeployments({ limits: () => null, announce: null })
  held.remember('a', 'one', 0)
  held.adopt('a', 'one', 0)
  expect(held.find('a', 0)).toBeNull()
})
