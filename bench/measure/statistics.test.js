import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Samples } from '../load/samples.js'
import { slopeOf, spreadOf } from './statistics.js'

test('the median of an even count is the middle of the two', () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 })
  assert.deepEqual(spreadOf([10, 9, 100]), { median: 10, min: 9, max: 100 })
})

test('the slope of a line is its slope', () => {
  assert.equal(slopeOf([1, 2, 3, 7].map((x) => ({ x, y: 5 - 2 * x }))), -2)
})

test('samples grow past their first size and keep their order statistics', () => {
  const samples = new Samples()
  assert.equal(samples.summarise(), null)
  for (let value = 100_000; value > 0; value -= 1) samples.add(value)
  assert.deepEqual(samples.summarise(), { p50: 50_001, p99: 99_001, max: 100_000 })
})
