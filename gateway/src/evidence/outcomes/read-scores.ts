import { TraceError } from '../traces/trace-error.ts'
import type { Judgement } from './outcome.ts'

const passFrom = 0.5

/**
 * Scores as clients send them, `{name, score, passed?, reason?, category?, …}`, as judgements of evaluators. Without
 * `passed` a score below the evaluator's threshold (0.5 unless it is known) fails. Of two scores of one name the
 * later counts.
 */
export function readScores(
  scores: readonly Readonly<Record<string, unknown>>[],
  source: string | null,
  thresholds: ReadonlyMap<string, number> = new Map(),
): readonly Judgement[] {
  const byName = new Map<string, Judgement>()
  for (const [index, score] of scores.entries()) {
    const judgement = readScore(score, index, source, thresholds)
    byName.set(judgement.name, judgement)
  }
  return [...byName.values()]
}

function readScore(
  { name, score, passed, reason, ...detail }: Readonly<Record<string, unknown>>,
  index: number,
  source: string | null,
  thresholds: ReadonlyMap<string, number>,
): Judgement {
  const where = `eval_scores[${index}]`
  if (typeof name !== 'string' || name.trim() === '') throw new TraceError(`${where}.name is required`)
  if (score != null && (typeof score !== 'number' || !Number.isFinite(score))) {
    throw new TraceError(`${where}.score must be a number`)
  }
  if (passed != null && typeof passed !== 'boolean')
    throw new TraceError(`${where}.passed must be true or false`)
  const value = typeof score === 'number' ? score : null
  const threshold = thresholds.get(name) ?? passFrom
  const isPass = passed ?? (value === null ? null : value >= threshold)
  return {
    kind: 'evaluator',
    name: name.trim(),
    verdict: isPass === null ? null : isPass ? 'pass' : 'fail',
    score: value,
    reason: typeof reason === 'string' ? reason.slice(0, 2_000) : null,
    detail: source === null ? detail : { source, ...detail },
  }
}
