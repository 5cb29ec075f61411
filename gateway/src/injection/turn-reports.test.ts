import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TurnRecord } from './turn-record.ts'
import { type AnswerFacts, TurnReports, type TurnTrace } from './turn-reports.ts'

const record: TurnRecord = {
  routingId: 'rt_1',
  mode: 'auto',
  stableBlock: '',
  hint: '',
  agentName: null,
  offered: ['pdf', 'mail'],
  hinted: ['pdf'],
  visible: ['mail', 'pdf'],
  deploymentId: null,
  degradedReason: null,
  fileTokens: 0,
  loaded: [
    { name: 'pdf', skillId: 's', versionId: 'v', contentHash: 'h', tokens: 1, at: 1, asked: true },
    { name: 'mail', skillId: 't', versionId: 'w', contentHash: 'i', tokens: 1, at: 1, asked: false },
  ],
  hidden: [],
  isClosed: false,
  createdAt: 1_000,
}
const answer: AnswerFacts = {
  isSuccess: true,
  errorCode: null,
  model: 'gpt-4o',
  provider: 'openai',
  startedAt: 1_000,
  endedAt: 2_500,
  calls: [{ usage: null, cost: 0.5 }],
}

describe('TurnReports', () => {
  let traces: TurnTrace[]
  let reports: TurnReports

  beforeEach(() => {
    vi.useFakeTimers()
    traces = []
    reports = new TurnReports({ write: (_workspaceId, trace) => traces.push(trace), newId: () => 'id' })
  })
  afterEach(() => {
    reports.close()
    vi.useRealTimers()
  })

  it('writes one trace of all requests of a turn when it closes', () => {
    reports.add('default', record, answer)
    expect(traces).toEqual([])
    reports.add('default', { ...record, isClosed: true }, { ...answer, startedAt: 3_000, endedAt: 4_000 })
    expect(traces).toEqual([
      expect.objectContaining({
        agent_name: 'gateway',
        source_type: 'gateway',
        status: 'success',
        routing_id: 'rt_1',
        started_at: '1970-01-01T00:00:01.000Z',
        ended_at: '1970-01-01T00:00:04.000Z',
        skills_offered_in_prompt: ['mail', 'pdf'],
        skills_delivered: ['pdf', 'mail'],
        skills_loaded_by_agent: ['pdf'],
      }),
    ])
    expect(traces[0]?.['llm_calls']).toHaveLength(2)
    vi.advanceTimersByTime(120_000)
    expect(traces).toHaveLength(1)
  })

  it('writes a turn nobody goes on with after a minute, and one that failed at once', () => {
    reports.add('default', record, answer)
    vi.advanceTimersByTime(59_000)
    expect(traces).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(traces).toHaveLength(1)
    reports.add(
      'default',
      { ...record, isClosed: true },
      { ...answer, isSuccess: false, errorCode: 'timeout' },
    )
    expect(traces[1]).toMatchObject({ status: 'error', error_code: 'timeout' })
  })

  it('keeps workspaces apart and writes what is open when it ends', () => {
    reports.add('a', record, answer)
    reports.add('b', record, answer)
    reports.close()
    expect(traces).toHaveLength(2)
  })
})
