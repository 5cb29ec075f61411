import { describe, expect, it } from 'vitest'
import { failureOf } from './for-test.ts'
import { computeBackoff } from './retry.ts'

const middle = (): number => 0.5

describe('computeBackoff', () => {
  it.each([
    ['the first retry', null, 0, 0, 500],
    ['the fourth', null, 3, 0, 4000],
    ['many, capped', null, 20, 0, 8000],
    ['Retry-After', 7000, 0, 0, 7000],
    ['Retry-After beyond a minute, ignored', 60_001, 0, 0, 500],
    ['retry_after as the least', null, 0, 2000, 2000],
    ['retry_after over a shorter Retry-After', 100, 0, 2000, 2000],
  ])('%s', (_, retryAfterMs, made, minimum, expected) => {
    expect(computeBackoff(failureOf('server_error', retryAfterMs), made, minimum, middle)).toBe(expected)
  })

  it('spreads by a quarter either way and never passes 8 s', () => {
    const failure = failureOf('server_error')
    expect(computeBackoff(failure, 0, 0, () => 0)).toBe(375)
    expect(computeBackoff(failure, 0, 0, () => 0.999_999)).toBe(625)
    expect(computeBackoff(failure, 9, 0, () => 0.999_999)).toBe(8000)
  })
})
