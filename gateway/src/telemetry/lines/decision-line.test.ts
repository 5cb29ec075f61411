import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact.ts'
import { makeRequestRecord } from '../request-record.fixture.ts'
import type { RequestRecord } from '../request-record.ts'
import { formatDecisionLine } from './decision-line.ts'
import { LabelQuoter } from './label-quoter.ts'

const format = (changes: Partial<RequestRecord> = {}) =>
  JSON.parse(
    formatDecisionLine(
      makeRequestRecord(changes),
      new LabelQuoter(createRedactor()),
      '"routeiq.routing_decision"',
    ),
  )

describe('formatDecisionLine', () => {
  it('says which model answered and why, with sorted keys', () => {
    const line = format()
    expect(line).toEqual({
      cache_hit: false,
      category: null,
      completion_tokens: 50,
      decision: 'route',
      event: 'routing_decision',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      latency_ms: 800,
      level: 'info',
      logger: 'routeiq.routing_decision',
      model: 'fast',
      prompt_tokens: 120,
      query_length: 400,
      reason_code: 'strategy',
      reasoning_enabled: false,
      request_id: 'req-1',
      selected_model: 'gpt-4o',
      strategy: 'simple-shuffle',
      timestamp: '2023-11-14T22:13:20.800Z',
      trace_id: null,
    })
    expect(Object.keys(line)).toEqual(Object.keys(line).sort())
  })

  it.each([
    [{ fallbacks: 1, attempts: 3 }, 'fallback'],
    [{ attempts: 2 }, 'retry'],
    [{ strategyFellBack: true }, 'strategy_fallback'],
    [{ strategy: null }, 'pinned'],
  ])('gives the reason of %j', (changes, reason) => {
    expect(format(changes).reason_code).toBe(reason)
  })

  it('says how a model was chosen among several', () => {
    const line = format({ choice: { decisionId: 'dc_1', domain: 'math', reason: 'affinity_kept' } })
    expect(line).toMatchObject({ category: 'math', decision_id: 'dc_1', reason_code: 'affinity_kept' })
    expect(Object.keys(line)).toEqual(Object.keys(line).sort())
  })

  it('names what the provider did not get', () => {
    const line = format({ dropped: 'top_k,sk-canary-0123456789abcdef' })
    expect(line.dropped).toMatch(/^top_k,/)
    expect(line.dropped).not.toContain('canary')
    expect(Object.keys(line)).toEqual(Object.keys(line).sort())
    expect(format()).not.toHaveProperty('dropped')
  })

  it('leaves unknown values null', () => {
    expect(format({ usage: null, responseModel: null })).toMatchObject({
      prompt_tokens: null,
      completion_tokens: null,
      'gen_ai.response.model': null,
    })
  })
})
