import { type Outcome, type Verdict, verdictOf } from './outcome.ts'
import { roundHalfAway } from './round-half-away.ts'

/** Above this share of cases that could not be checked a run is no measurement. */
const errorShare = 0.25

/** One side of a case: with the skill, or without. */
export interface ArmMetrics {
  readonly passed: boolean
  /** False when the model did not even try; the case is then no comparison. */
  readonly task_attempted: boolean
  readonly errored: boolean
  readonly duration_ms: number
  readonly turns: number
  readonly total_tokens: number
  readonly tool_call_count: number
}

/** One case, run once on both sides. */
export interface CaseRecord {
  readonly case_name: string
  readonly outcome: Outcome
  readonly with_skill: ArmMetrics | null
  readonly without_skill: ArmMetrics | null
}

/** Averages of both sides; the change is in percent of the side without, null where that is nothing. */
interface Delta {
  readonly with_skill_avg: number
  readonly without_skill_avg: number
  readonly delta_pct: number | null
}

/** The numbers of a run under their names on the wire: those of the open "skillevaluation" run result. */
export interface RunAggregate {
  readonly pass_rate: {
    readonly with_skill: number | null
    readonly without_skill: number | null
    /** Percentage points; null when nothing was measured or too much went wrong. */
    readonly delta_pts: number | null
  }
  readonly duration_ms: Delta | null
  readonly turns: Delta | null
  readonly tokens: Delta | null
  readonly tool_calls: Delta | null
  readonly errors: number
  readonly error_dominated: boolean
  readonly cases_aggregated: number
  /** Cases in which one side did not attempt the task. */
  readonly cases_skipped_apples_oranges: number
  readonly total_cases: number
  readonly verdict: Verdict
}

type Arms = readonly [withSkill: ArmMetrics, withoutSkill: ArmMetrics]

/** Sums a run up. Every repetition of a case is a record of its own, so that rates are means over all of them. */
export function aggregateRun(records: readonly CaseRecord[]): RunAggregate {
  const errors = records.filter(({ outcome }) => outcome === 'error').length
  const compared = records.flatMap(comparedArms)
  const dominated = errors > errorShare * records.length
  const rates = passRates(compared)
  const delta = (member: Measure): Delta | null =>
    compared.length === 0 ? null : deltaOf(compared, (arm) => arm[member])
  return {
    pass_rate: dominated ? { ...rates, delta_pts: null } : rates,
    duration_ms: delta('duration_ms'),
    turns: delta('turns'),
    tokens: delta('total_tokens'),
    tool_calls: delta('tool_call_count'),
    errors,
    error_dominated: dominated,
    cases_aggregated: compared.length,
    cases_skipped_apples_oranges: records.length - errors - compared.length,
    total_cases: records.length,
    verdict: dominated ? 'error' : verdictOf(records.map(({ outcome }) => outcome)),
  }
}

type Measure = 'duration_ms' | 'turns' | 'total_tokens' | 'tool_call_count'

function comparedArms({ outcome, with_skill, without_skill }: CaseRecord): Arms[] {
  if (outcome === 'error' || with_skill === null || without_skill === null) return []
  return with_skill.task_attempted && without_skill.task_attempted ? [[with_skill, without_skill]] : []
}

function passRates(compared: readonly Arms[]): RunAggregate['pass_rate'] {
  if (compared.length === 0) return { with_skill: null, without_skill: null, delta_pts: null }
  const rate = (side: 0 | 1): number => compared.filter((arms) => arms[side].passed).length / compared.length
  return {
    with_skill: roundHalfAway(rate(0), 4),
    without_skill: roundHalfAway(rate(1), 4),
    delta_pts: roundHalfAway((rate(0) - rate(1)) * 100, 2),
  }
}

function deltaOf(compared: readonly Arms[], read: (arm: ArmMetrics) => number): Delta {
  const average = (side: 0 | 1): number =>
    compared.reduce((sum, arms) => sum + read(arms[side]), 0) / compared.length
  const [withSkill, without] = [average(0), average(1)]
  return {
    with_skill_avg: roundHalfAway(withSkill, 2),
    without_skill_avg: roundHalfAway(without, 2),
    delta_pct: without === 0 ? null : roundHalfAway(((withSkill - without) / without) * 100, 1),
  }
}
