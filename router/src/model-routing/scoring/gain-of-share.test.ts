import { expect, it } from 'vitest'
import { gainOfShare } from './gain-of-share.ts'

const gains = Array.from({ length: 40 }, (_, index) => Math.sin(index * 7) / 2).sort(
  (one, other) => one - other,
)

it('lies below as many gains as asked for, and never below more', () => {
  for (let step = 0; step <= 40; step++) {
    const share = step / 40
    const threshold = gainOfShare(gains, share)
    expect(gains.filter((gain) => gain > threshold)).toHaveLength(step)
  }
  expect(gains.filter((gain) => gain > gainOfShare(gains, 0.33))).toHaveLength(13)
})

it('gives the strong model nothing of asks that are all alike, unless it is to get all', () => {
  expect([0, 0.5, 0.9, 1].map((share) => 0.2 > gainOfShare([0.2, 0.2, 0.2], share))).toEqual([
    false,
    false,
    false,
    true,
  ])
})
