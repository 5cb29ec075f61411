import type { EvidenceRow } from './choice-store.ts'

/** Fewer judged choices say nothing of quality. */
const leastJudged = 100
const success = 0.5

/** What a set of choices came to: never what was saved without the quality that was kept. */
export interface ChoiceSummary {
  readonly requests: number
  readonly judged: number
  /** Mean score of judged choices; null when nobody judged. */
  readonly quality: number | null
  /** Against what the baseline model was expected to score on the same asks; null below 100 judged. */
  readonly qualityRatio: number | null
  readonly qualityRatioInterval: readonly [number, number] | null
  readonly actualUsd: number
  readonly baselineUsd: number
  readonly savingsUsd: number
  readonly savingsShare: number | null
  readonly promptTokens: number
  readonly completionTokens: number
  /** Cost of all judged tasks by successful one; null without a success. */
  readonly costPerSuccess: number | null
  readonly baseline: string | null
  readonly switchRate: number
  readonly novelShare: number
}

/** Sums choices up. Costs are compared over choices whose cost and baseline are both known. */
export function summariseChoices(rows: readonly EvidenceRow[]): ChoiceSummary {
  const judged = rows.filter(({ score }) => score !== null)
  const priced = rows.filter(({ costUsd, baselineUsd }) => costUsd !== null && baselineUsd !== null)
  const sum = (list: readonly EvidenceRow[], read: (row: EvidenceRow) => number | null): number =>
    list.reduce((total, row) => total + (read(row) ?? 0), 0)
  const actualUsd = sum(priced, ({ costUsd }) => costUsd)
  const baselineUsd = sum(priced, ({ baselineUsd: usd }) => usd)
  const quality = judged.length === 0 ? null : sum(judged, ({ score }) => score) / judged.length
  const ratio = ratioOf(judged)
  const share = (reason: string): number =>
    rows.length === 0
      ? 0
      : rows.filter(({ details }) => listOf(details['reasons']).includes(reason)).length / rows.length
  return {
    requests: rows.length,
    judged: judged.length,
    quality,
    qualityRatio: ratio?.value ?? null,
    qualityRatioInterval: ratio?.interval ?? null,
    actualUsd,
    baselineUsd,
    savingsUsd: baselineUsd - actualUsd,
    savingsShare: baselineUsd === 0 ? null : 1 - actualUsd / baselineUsd,
    promptTokens: sum(rows, ({ inputTokens }) => inputTokens),
    completionTokens: sum(rows, ({ outputTokens }) => outputTokens),
    costPerSuccess: costPerSuccess(judged),
    baseline: rows.map(({ details }) => details['baseline']).find((name) => typeof name === 'string') ?? null,
    switchRate: share('affinity_switched'),
    novelShare: share('novel_query'),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** All attempts of a task together; a task is successful when one of them is. */
function costPerSuccess(judged: readonly EvidenceRow[]): number | null {
  const tasks = new Map<string, { cost: number; isSuccess: boolean }>()
  for (const { taskId, decisionId, costUsd, score } of judged) {
    const key = taskId ?? decisionId
    const task = tasks.get(key) ?? { cost: 0, isSuccess: false }
    task.cost += costUsd ?? 0
    task.isSuccess ||= (score ?? 0) >= success
    tasks.set(key, task)
  }
  const all = [...tasks.values()]
  const successes = all.filter(({ isSuccess }) => isSuccess).length
  return successes === 0 ? null : all.reduce((total, { cost }) => total + cost, 0) / successes
}

/** Real score against what the baseline was expected to score, with a 95 % interval of the real one. */
function ratioOf(
  judged: readonly EvidenceRow[],
): { readonly value: number; readonly interval: readonly [number, number] } | null {
  if (judged.length < leastJudged) return null
  const expected = judged.map(baselineQuality)
  const base = expected.reduce((total, value) => total + value, 0) / expected.length
  if (base === 0) return null
  const scores = judged.map(({ score }) => score ?? 0)
  const mean = scores.reduce((total, value) => total + value, 0) / scores.length
  const variance = scores.reduce((total, value) => total + (value - mean) ** 2, 0) / scores.length
  const margin = 1.96 * Math.sqrt(variance / scores.length)
  return { value: mean / base, interval: [(mean - margin) / base, (mean + margin) / base] }
}

function baselineQuality({ details, quality }: EvidenceRow): number {
  const candidates = listOf(details['candidates']) as readonly { model?: unknown; q?: unknown }[]
  const found = candidates.find(({ model }) => model === details['baseline'])
  return typeof found?.q === 'number' ? found.q : quality
}
