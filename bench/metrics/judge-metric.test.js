import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeMetric } from './judge-metric.js'
import { METRICS } from './metrics.js'

const find = (id) => METRICS.find((metric) => metric.id === id)
const rounds = (perSecond, cpuSeconds = 1) =>
  perSecond.map((value) => ({ perSecond: value, requests: value, cpuSeconds }))

test('P1 is the median of the ratios of each round', () => {
  const verdict = judgeMetric(find('P1'), {
    product: rounds([130, 1000, 140]),
    portkey: rounds([10, 100, 10]),
  })
  assert.deepEqual(verdict.measured, { median: 13, min: 10, max: 14 })
  assert.equal(verdict.goalMet, true)
  assert.equal(verdict.moonshotMet, false)
})

test('P2 must stay at or below its goal', () => {
  const verdict = judgeMetric(find('P2'), {
    product: rounds([10, 10, 10], 5),
    nginx: rounds([10, 10, 10], 1),
  })
  assert.equal(verdict.measured.median, 5)
  assert.equal(verdict.goalMet, false)
})

test('a missing peer is told', () => {
  assert.deepEqual(judgeMetric(find('P1'), { product: rounds([1]) }).missing, ['portkey'])
})

test('one noisy round marks the metric', () => {
  const portkey = rounds([1, 1, 1])
  portkey[1].noisy = true
  assert.equal(judgeMetric(find('P1'), { product: rounds([1, 1, 1]), portkey }).noisy, true)
})
