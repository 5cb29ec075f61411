import { afterAll, beforeAll, describe } from 'vitest'
import { listDatabases } from '../harness/databases.ts'
import { describeFragments } from './a1-golden-fragments.ts'
import { describeStatistics } from './a2-statistics.ts'
import { describeCaution } from './a3-caution.ts'
import { describeReplay } from './a4-replay.ts'
import { describeDegradation } from './a5-degradation.ts'
import { describeTurns } from './a6-one-decision-a-turn.ts'
import { describeQuality } from './a7-quality.ts'
import { describeHotPath } from './a8-hot-path.ts'
import { describeRecordedWire } from './a9-recorded-wire.ts'
import { describeTenants } from './a10-tenants.ts'
import { describeBadInput } from './bad-input.ts'
import { describeEndpoints } from './every-endpoint.ts'
import { describeKnobs } from './knobs.ts'
import { openStage, type Stage } from './stage.ts'

// What the Skill Router promises, through the server, over each database it runs on. Formulas are held to their vectors
// beside their code as well, and the published `decimalai` packages themselves run in `../decimalai`.
describe.each(await listDatabases())('the Skill Router over $name', (database) => {
  let stage: Stage
  const current = (): Stage => stage

  beforeAll(async () => {
    stage = await openStage(database)
  })
  afterAll(() => stage?.close())

  describe('A1 golden fragments, and the split form over random catalogues', () => describeFragments(current))
  describe('A2 statistics to nine digits: shrinkage, intervals, trend, comparison, SkillScore', () =>
    describeStatistics(current))
  describe('A3 little evidence moves little', () => describeCaution(current))
  describe('A4 a decision can be replayed from its id, and its probabilities add up', () =>
    describeReplay(current))
  describe('A6 one decision a turn, and turns at once keep apart', () => describeTurns(current))
  describe('A7 fused retrieval is at least as good as its best list', () => describeQuality(current))
  describe('A8 the hot path needs no database and no network', () => describeHotPath(current))
  describe('A9 stock clients of both generations', () => describeRecordedWire(current))
  describe('A10 tenants know nothing of each other', () => describeTenants(current))
  describe('every endpoint', () => describeEndpoints(current))
  describe('bad input', () => describeBadInput(current))
  describe('the knobs of a call', () => describeKnobs(current))
  // Last, since it starts the server again with other embedders.
  describe('A5 nothing that fails reaches the agent', () => describeDegradation(current))
})
