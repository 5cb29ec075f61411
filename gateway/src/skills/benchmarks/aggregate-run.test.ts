import { describe, expect, it } from 'vitest'
import { type ArmMetrics, aggregateRun, type CaseRecord } from './aggregate-run.ts'
import { classifyOutcome, verdictOf } from './outcome.ts'

const arm = (members: Partial<ArmMetrics> = {}): ArmMetrics => ({
  passed: true,
  task_attempted: true,
  errored: false,
  duration_ms: 100,
  turns: 1,
  total_tokens: 50,
  tool_call_count: 0,
  ...members,
})
const record = (withSkill: Partial<ArmMetrics>, without: Partial<ArmMetrics>): CaseRecord => {
  const [left, right] = [arm(withSkill), arm(without)]
  return {
    case_name: 'c',
    outcome: classifyOutcome(left.errored ? null : left.passed, right.errored ? null : right.passed),
    with_skill: left,
    without_skill: right,
  }
}

describe('an outcome', () => {
  it('compares the two sides', () => {
    expect(classifyOutcome(true, false)).toBe('flip_to_pass')
    expect(classifyOutcome(true, true)).toBe('pass_kept')
    expect(classifyOutcome(false, false)).toBe('fail_kept')
    expect(classifyOutcome(false, true)).toBe('flip_to_fail')
    expect(classifyOutcome(null, true)).toBe('error')
    expect(classifyOutcome(false, null)).toBe('error')
  })

  it('adds up to a verdict over what could be checked', () => {
    expect(verdictOf([])).toBe('error')
    expect(verdictOf(['error', 'error'])).toBe('error')
    expect(verdictOf(['flip_to_pass', 'pass_kept', 'error'])).toBe('pass')
    expect(verdictOf(['fail_kept', 'flip_to_fail'])).toBe('fail')
    expect(verdictOf(['pass_kept', 'fail_kept'])).toBe('mixed')
  })
})

describe('aggregateRun', () => {
  it('averages both sides and says the change in points and percent', () => {
    const aggregate = aggregateRun([
      record({ total_tokens: 40 }, { passed: false, total_tokens: 80 }),
      record({ total_tokens: 40 }, { total_tokens: 40 }),
      record({ passed: false, total_tokens: 40 }, { passed: false, total_tokens: 60 }),
    ])
    expect(aggregate.pass_rate).toEqual({ with_skill: 0.6667, without_skill: 0.3333, delta_pts: 33.33 })
    expect(aggregate.tokens).toEqual({ with_skill_avg: 40, without_skill_avg: 60, delta_pct: -33.3 })
    expect(aggregate).toMatchObject({ errors: 0, cases_aggregated: 3, total_cases: 3, verdict: 'mixed' })
  })

  it('has no relative change from nothing', () => {
    const aggregate = aggregateRun([record({ tool_call_count: 3 }, {})])
    expect(aggregate.tool_calls).toEqual({ with_skill_avg: 3, without_skill_avg: 0, delta_pct: null })
  })

  it('withholds the change when more than a quarter could not be checked, not at a quarter', () => {
    const good = record({}, { passed: false })
    const broken = record({ errored: true }, {})
    const quarter = aggregateRun([good, good, good, broken])
    expect(quarter).toMatchObject({ error_dominated: false, errors: 1, verdict: 'pass' })
    expect(quarter.pass_rate.delta_pts).toBe(100)
    const more = aggregateRun([good, good, broken])
    expect(more).toMatchObject({ error_dominated: true, errors: 1, verdict: 'error' })
    expect(more.pass_rate).toEqual({ with_skill: 1, without_skill: 0, delta_pts: null })
  })

  it('leaves out of the rates what one side did not attempt, and says how many', () => {
    const aggregate = aggregateRun([record({}, {}), record({}, { passed: false, task_attempted: false })])
    expect(aggregate).toMatchObject({ cases_aggregated: 1, cases_skipped_apples_oranges: 1 })
    expect(aggregate.pass_rate.delta_pts).toBe(0)
  })

  it('knows nothing of a run without cases', () => {
    const aggregate = aggregateRun([])
    expect(aggregate.pass_rate).toEqual({ with_skill: null, without_skill: null, delta_pts: null })
    expect(aggregate).toMatchObject({
      tokens: null,
      error_dominated: false,
      verdict: 'error',
      total_cases: 0,
    })
  })
})
