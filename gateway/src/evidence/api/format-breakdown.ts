import type { Outcome } from '../outcomes/outcome.ts'
import type { Trace, Verdict } from '../traces/trace.ts'

/** The judgements of a trace by where they came from, and what decided. */
export function formatBreakdown(
  { id, verdict }: Pick<Trace, 'id'> & { readonly verdict: Verdict | null },
  outcomes: readonly Outcome[],
): object {
  const scores = outcomes.filter(({ kind }) => kind === 'evaluator')
  return {
    trace_id: id,
    eval_verdict: verdict,
    quality_avg: averageScore(scores),
    source_groups: groupBySource(scores),
    annotations: outcomes.filter(({ kind }) => kind === 'human').map(formatOutcome),
    reports: outcomes.filter(({ kind }) => kind === 'explicit').map(formatOutcome),
    decision_reasons: explain(verdict, outcomes),
  }
}

export function formatScore({ name, verdict, score, reason, detail }: Outcome): object {
  return { ...detail, name, score, passed: verdict === null ? null : verdict === 'pass', reason }
}

/** Null without a score. */
export function averageScore(outcomes: readonly Outcome[]): number | null {
  const values = outcomes.flatMap(({ score }) => (score === null ? [] : [score]))
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

function groupBySource(scores: readonly Outcome[]): object[] {
  const groups = new Map<string, Outcome[]>()
  for (const score of scores) {
    const source = sourceOf(score)
    groups.set(source, [...(groups.get(source) ?? []), score])
  }
  return [...groups].map(([source, members]) => ({
    source,
    source_label: source,
    source_avg: averageScore(members),
    scores: members.map(formatScore),
  }))
}

function sourceOf({ detail }: Outcome): string {
  return typeof detail['source'] === 'string' ? detail['source'] : 'trace'
}

function formatOutcome({ kind, name, verdict, score, reason, detail, updatedAt }: Outcome): object {
  const id = kind === 'human' ? { id: name } : {}
  return { ...detail, ...id, verdict, score, reason, created_at: new Date(updatedAt).toISOString() }
}

function explain(verdict: Verdict | null, outcomes: readonly Outcome[]): string[] {
  const decided = outcomes.filter((outcome) => outcome.verdict !== null)
  const human = decided.filter(({ kind }) => kind === 'human').at(-1)
  if (human !== undefined) return [`a human annotation says ${human.verdict}, which counts before all else`]
  const explicit = decided.filter(({ kind }) => kind === 'explicit').at(-1)
  if (explicit !== undefined)
    return [`an explicit report says ${explicit.verdict}, which counts before evaluators`]
  if (verdict === null) return ['nothing has judged this trace']
  const failed = decided.filter((outcome) => outcome.verdict === 'fail')
  if (failed.length === 0) return ['every evaluator passed']
  return failed.map(({ name }) => `the evaluator ${name} failed`)
}
