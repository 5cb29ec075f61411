import { expect, it } from 'vitest'
import { modelConfig, snapshotOf } from './for-test.ts'
import { ModelList } from './model-list.ts'
import { resolveModel } from './resolve-model.ts'

const nobody = { teamId: null, keyAliases: new Map([['mine', 'gpt']]), teamAliases: null }
const snapshot = snapshotOf([
  modelConfig('gpt', { upstreamModel: 'gpt-4o' }),
  modelConfig('gpt', { upstreamModel: 'gpt-4o-mini' }),
  modelConfig('plain', { upstreamModel: 'x' }),
])

it.each([
  [['gpt'], 'gpt', true, true],
  [['g*'], 'gpt', true, true],
  [['gpt'], 'plain', false, false],
  // By what a name leads to.
  [['gpt'], 'mine', true, true],
  // An alias alone allows nothing, and blocks.
  [['mine'], 'mine', false, true],
  [['@openai/*'], 'gpt', true, true],
  [['@openai/gpt-4o'], 'gpt', false, true],
  [['@anthropic/*'], 'gpt', false, false],
  [['openai/*'], 'gpt', false, false],
  [[], 'gpt', false, false],
])('the list %j and %s: covers %s, touches %s', (entries, name, covers, touches) => {
  const list = new ModelList(entries)
  const resolution = resolveModel(snapshot, name, nobody)
  expect([list.covers(resolution), list.touches(resolution)]).toEqual([covers, touches])
})
