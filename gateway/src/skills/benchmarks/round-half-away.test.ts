import { describe, expect, it } from 'vitest'
import { roundHalfAway } from './round-half-away.ts'

describe('roundHalfAway', () => {
  it.each([
    [2.45, 1, 2.5],
    [-2.45, 1, -2.5],
    [0.00005, 4, 0.0001],
    [1.005, 2, 1.01],
    [-1.005, 2, -1.01],
    [33.333333, 2, 33.33],
    [1e-9, 2, 0],
    [-1e-9, 2, 0],
    [1234567.125, 2, 1234567.13],
    [100, 1, 100],
  ])('%d to %d places is %d', (value, places, expected) => {
    expect(roundHalfAway(value, places)).toBe(expected)
  })
})
