import type { ExperimentReport } from '@routeiq/router'
import { describe, expect, it } from 'vitest'
import { type ExperimentRecord, moveTo } from './experiment.ts'
import { followExperiment } from './judge-experiment.ts'

const running: ExperimentRecord = {
  ...{ id: 'e', state: 'running', hypothesis: 'h', variants: [], models: null, margin: 0.01 },
  ...{ minSamples: 200, minDays: 7, maxShare: 0.1, fourEyes: false, salted: false, createdBy: null },
  ...{ createdAt: 0, startedAt: 0, endedAt: null, winner: null, applied: false, history: [], report: null },
}
const report = (
  patch: Partial<ExperimentReport> = {},
  breach: 'latency' | null = null,
): ExperimentReport => ({
  challengers: [
    {
      ...{ name: 'b', qualityDifference: 0, qualityInterval: null, costPerSuccessDifference: null, breach },
      isBetter: true,
    },
  ],
  ...{ sampleRatioP: 1, isSampleRatioOff: false, isComplete: false },
  ...patch,
})

describe('a running experiment', () => {
  it.each([
    ['goes on while there is too little to tell', report(), 'running', undefined],
    ['stops when a guard is broken', report({ isComplete: true }, 'latency'), 'stopped', 'guard:latency:b'],
    ['is looked at when its split is wrong', report({ isSampleRatioOff: true }), 'review', 'srm_failed'],
    ['is looked at when it is complete', report({ isComplete: true }), 'review', 'enough_samples'],
  ])('%s', (_, seen, state, reason) => {
    const next = followExperiment(running, seen, 5)
    expect([next.state, next.history.at(-1)?.reason, next.report]).toEqual([state, reason, seen])
  })

  it('is never approved by itself, and goes no way but its own', () => {
    const by = { at: 1, by: null, reason: null }
    expect(moveTo(running, 'approved', by)).toBeNull()
    expect(moveTo({ ...running, state: 'stopped' }, 'running', by)).toBeNull()
    expect(moveTo({ ...running, state: 'approved', applied: true }, 'rolled_back', by)?.applied).toBe(false)
  })
})
