/** What a skill did to one case, from the two sides of it: run with the skill and without. */
export type Outcome = 'flip_to_pass' | 'pass_kept' | 'fail_kept' | 'flip_to_fail' | 'error'

/** How a whole run went; `error` says that it measured nothing. */
export type Verdict = 'pass' | 'fail' | 'mixed' | 'error'

export const outcomes = ['flip_to_pass', 'pass_kept', 'fail_kept', 'flip_to_fail', 'error'] as const

/** A side that could not be checked is `null`: the case then says nothing about the skill. */
export function classifyOutcome(withSkill: boolean | null, withoutSkill: boolean | null): Outcome {
  if (withSkill === null || withoutSkill === null) return 'error'
  if (withSkill) return withoutSkill ? 'pass_kept' : 'flip_to_pass'
  return withoutSkill ? 'flip_to_fail' : 'fail_kept'
}

/** The verdict over the cases that could be checked. */
export function verdictOf(results: readonly Outcome[]): Verdict {
  const checked = results.filter((outcome) => outcome !== 'error')
  if (checked.length === 0) return 'error'
  const passed = checked.filter((outcome) => outcome === 'flip_to_pass' || outcome === 'pass_kept')
  if (passed.length === checked.length) return 'pass'
  return passed.length === 0 ? 'fail' : 'mixed'
}
