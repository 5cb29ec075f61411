import { expect, it } from 'vitest'
import { describeDropped } from './describe-dropped.ts'

it('names what was dropped once, in order, and never at length', () => {
  expect(describeDropped([])).toBeNull()
  expect(describeDropped(['stop', 'top_k', 'stop'])).toBe('stop,top_k')
  const many = Array.from({ length: 500 }, (_, index) => `${index}${'x'.repeat(500)}`)
  expect(describeDropped(many)?.length).toBeLessThan(2000)
})
