import assert from 'node:assert/strict'
import test from 'node:test'
import { judgeNdcg, judgeRecall } from './judge-ranking.js'

test('nDCG falls with the place, and is 1 for every right skill at the top', () => {
  assert.equal(judgeNdcg(['a', 'b'], new Set(['a', 'b'])), 1)
  assert.equal(judgeNdcg(['x', 'a'], new Set(['a'])), 1 / Math.log2(3))
  assert.equal(judgeNdcg(['x', 'y', 'z', 'u', 'v', 'a'], new Set(['a'])), 0)
})

test('recall counts what could be found at that depth', () => {
  assert.equal(judgeRecall(['a', 'x'], new Set(['a', 'b']), 1), 1)
  assert.equal(judgeRecall(['a', 'x'], new Set(['a', 'b']), 5), 0.5)
})
