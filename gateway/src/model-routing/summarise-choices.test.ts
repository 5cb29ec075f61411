import { describe, expect, it } from 'vitest'
import type { EvidenceRow } from './choice-store.ts'
import { summariseChoices } from './summarise-choices.ts'

const row = (patch: Partial<EvidenceRow> = {}): EvidenceRow => ({
  ...{ decisionId: 'd', requestId: 'r', workspaceId: 'w', keyHash: null, userId: null, teamId: null },
  ...{ router: 'auto', arm: 'small', domain: 'math', tier: 'simple', strategy: 's', profile: 'auto' },
  ...{
    bundleId: '',
    quality: 0.8,
    propensity: 1,
    learns: true,
    status: 200,
    inputTokens: 10,
    outputTokens: 5,
  },
  ...{
    costUsd: 1,
    baselineUsd: 4,
    taskId: null,
    routingId: null,
    experiment: null,
    latencyMs: null,
    createdAt: 0,
    score: null,
  },
  details: { baseline: 'large', candidates: [{ model: 'large', q: 0.8 }], reasons: ['novel_query'] },
  ...patch,
})

describe('the summary of choices', () => {
  it('compares costs where both are known, and says nothing of quality that few have judged', () => {
    const summary = summariseChoices([row({ score: 1 }), row({ costUsd: null })])
    expect(summary).toMatchObject({
      ...{ requests: 2, judged: 1, quality: 1, qualityRatio: null, actualUsd: 1, baselineUsd: 4 },
      ...{ savingsUsd: 3, savingsShare: 0.75, baseline: 'large', novelShare: 1 },
    })
  })

  it('shows what was kept of quality once enough was judged', () => {
    const rows = Array.from({ length: 200 }, (_, index) => row({ score: index % 5 === 0 ? 0 : 1 }))
    const { qualityRatio, qualityRatioInterval } = summariseChoices(rows)
    expect(qualityRatio).toBeCloseTo(1, 9)
    expect(qualityRatioInterval?.[0]).toBeLessThan(1)
  })

  it('counts all attempts of a task, and no success as no number', () => {
    const attempts = [row({ taskId: 't', score: 0 }), row({ taskId: 't', score: 1 })]
    expect(summariseChoices(attempts).costPerSuccess).toBe(2)
    expect(summariseChoices([row({ score: 0 })]).costPerSuccess).toBeNull()
  })
})
