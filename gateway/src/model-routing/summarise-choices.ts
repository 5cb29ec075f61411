import { bootstrapInterval } from '@routeiq/router'
import type { EvidenceRow } from './choice-store.ts'
import { costPerSuccess, groupTasks } from './cost-per-success.ts'

/** Fewer judged choices say nothing of quality. */
const leastJudged = 100
/** A rare choice counts for at most so many others. */
const mostWeight = 20

type Interval = readonly [number, number]

/** What a set of choices came to: never what was saved without the quality that was kept. Intervals are of 95 %. */
export interface ChoiceSummary {
  readonly requests: number
  readonly judged: number
  /** Mean score of judged choices; null when nobody judged. */
  readonly quality: number | null
  /** Against what the baseline model would have scored on the same asks; null below 100 judged. */
  readonly qualityRatio: number | null
  readonly qualityRatioInterval: Interval | null
  readonly actualUsd: number
  readonly baselineUsd: number
  readonly savingsUsd: number
  readonly savingsInterval: Interval | null
  readonly savingsShare: number | null
  readonly savingsShareInterval: Interval | null
  readonly promptTokens: number
  readonly completionTokens: number
  /** Cost of all judged tasks by successful one; null without a success. */
  readonly costPerSuccess: number | null
  readonly costPerSuccessInterval: Interval | null
  /** What it would have been with the baseline model. */
  readonly baselineCostPerSuccess: number | null
  readonly baseline: string | null
  readonly switchRate: number
  /** Tokens of prompts that providers read from their caches, of all; null where nobody counted. */
  readonly cacheHitShare: number | null
  /** Conversations with a known cost. */
  readonly sessions: number
  /** USD; null without a session. */
  readonly costPerSession: number | null
  readonly costPerSessionInterval: Interval | null
  readonly baselineCostPerSession: number | null
  readonly exploredShare: number
  readonly novelShare: number
  /** Mean distance of scores from what was expected, by tenth of the expectation; null when nobody judged. */
  readonly calibrationError: number | null
}

/** Sums choices up. Costs are compared over choices whose cost and baseline are both known. */
export function summariseChoices(rows: readonly EvidenceRow[]): ChoiceSummary {
  const judged = rows.filter(({ score }) => score !== null)
  const priced = rows.filter(({ costUsd, baselineUsd }) => costUsd !== null && baselineUsd !== null)
  const sum = (list: readonly EvidenceRow[], read: (row: EvidenceRow) => number | null): number =>
    list.reduce((total, row) => total + (read(row) ?? 0), 0)
  const actualUsd = sum(priced, ({ costUsd }) => costUsd)
  const baselineUsd = sum(priced, ({ baselineUsd: usd }) => usd)
  const share = (holds: (row: EvidenceRow) => boolean): number =>
    rows.length === 0 ? 0 : rows.filter(holds).length / rows.length
  const has =
    (reason: string) =>
    ({ details }: EvidenceRow): boolean =>
      listOf(details['reasons']).includes(reason)
  const costs = ({ costUsd, baselineUsd: usd }: EvidenceRow): readonly number[] => [costUsd ?? 0, usd ?? 0]
  return {
    requests: rows.length,
    judged: judged.length,
    quality: judged.length === 0 ? null : sum(judged, ({ score }) => score) / judged.length,
    ...ratioOf(judged),
    actualUsd,
    baselineUsd,
    savingsUsd: baselineUsd - actualUsd,
    savingsInterval: bootstrapInterval(priced, costs, ([actual = 0, baseline = 0]) => baseline - actual),
    savingsShare: baselineUsd === 0 ? null : 1 - actualUsd / baselineUsd,
    savingsShareInterval: bootstrapInterval(priced, costs, ([actual = 0, baseline = 0]) =>
      baseline === 0 ? null : 1 - actual / baseline,
    ),
    promptTokens: sum(rows, ({ inputTokens }) => inputTokens),
    completionTokens: sum(rows, ({ outputTokens }) => outputTokens),
    ...successOf(judged),
    baseline: rows.map(({ details }) => details['baseline']).find((name) => typeof name === 'string') ?? null,
    cacheHitShare: cacheHitShareOf(rows),
    ...sessionsOf(priced),
    switchRate: share(has('affinity_switched')),
    exploredShare: share(({ details }) => details['explored'] === true),
    novelShare: share(has('novel_query')),
    calibrationError: calibrationErrorOf(judged),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function cacheHitShareOf(rows: readonly EvidenceRow[]): number | null {
  let [cached, all] = [0, 0]
  for (const { inputTokens, details } of rows) {
    const read = details['cached_tokens']
    if (inputTokens === null || typeof read !== 'number') continue
    cached += read
    all += inputTokens
  }
  return all === 0 ? null : cached / all
}

/** What conversations cost from end to end: a model that is cheap a turn may be dear when every move reads the prompt anew. */
function sessionsOf(
  priced: readonly EvidenceRow[],
): Pick<ChoiceSummary, 'sessions' | 'costPerSession' | 'costPerSessionInterval' | 'baselineCostPerSession'> {
  const sessions = new Map<string, { actual: number; baseline: number }>()
  for (const { details, costUsd, baselineUsd } of priced) {
    const name = details['session_hash']
    if (typeof name !== 'string') continue
    const session = sessions.get(name) ?? { actual: 0, baseline: 0 }
    session.actual += costUsd ?? 0
    session.baseline += baselineUsd ?? 0
    sessions.set(name, session)
  }
  const all = [...sessions.values()]
  const mean = (read: (session: { actual: number; baseline: number }) => number): number | null =>
    all.length === 0 ? null : all.reduce((sum, session) => sum + read(session), 0) / all.length
  return {
    sessions: all.length,
    costPerSession: mean(({ actual }) => actual),
    costPerSessionInterval: bootstrapInterval(
      all,
      ({ actual }) => [actual, 1],
      ([cost = 0, count = 0]) => (count === 0 ? null : cost / count),
    ),
    baselineCostPerSession: mean(({ baseline }) => baseline),
  }
}

function successOf(
  judged: readonly EvidenceRow[],
): Pick<ChoiceSummary, 'costPerSuccess' | 'costPerSuccessInterval' | 'baselineCostPerSuccess'> {
  const interval = bootstrapInterval(
    groupTasks(judged),
    ({ cost, isSuccess }) => [cost, isSuccess ? 1 : 0],
    ([cost = 0, successes = 0]) => (successes === 0 ? null : cost / successes),
  )
  const expected = judged.reduce((sum, row) => sum + baselineQuality(row), 0)
  const cost = judged.reduce((sum, { baselineUsd }) => sum + (baselineUsd ?? 0), 0)
  return {
    costPerSuccess: costPerSuccess(judged),
    costPerSuccessInterval: interval,
    baselineCostPerSuccess: expected === 0 ? null : cost / expected,
  }
}

/** The real score against that of the baseline on the same asks, estimated doubly robustly from the choices that took it. */
function ratioOf(
  judged: readonly EvidenceRow[],
): Pick<ChoiceSummary, 'qualityRatio' | 'qualityRatioInterval'> {
  const nothing = { qualityRatio: null, qualityRatioInterval: null }
  if (judged.length < leastJudged) return nothing
  const pairs = judged.map((row) => [row.score ?? 0, robustBaseline(row)] as const)
  const ratio = ([score = 0, baseline = 0]: readonly number[]): number | null =>
    baseline <= 0 ? null : score / baseline
  const totals = pairs.reduce(([left, right], [score, baseline]) => [left + score, right + baseline], [0, 0])
  const value = ratio(totals)
  if (value === null) return nothing
  return { qualityRatio: value, qualityRatioInterval: bootstrapInterval(pairs, (pair) => pair, ratio) }
}

function candidatesOf({ details }: EvidenceRow): readonly { model?: unknown; q?: unknown }[] {
  return listOf(details['candidates']) as readonly { model?: unknown; q?: unknown }[]
}

function expectedOf(row: EvidenceRow, model: unknown): number | null {
  const q = candidatesOf(row).find((candidate) => candidate.model === model)?.q
  return typeof q === 'number' ? q : null
}

function baselineQuality(row: EvidenceRow): number {
  return expectedOf(row, row.details['baseline']) ?? row.quality
}

function robustBaseline(row: EvidenceRow): number {
  const expected = baselineQuality(row)
  if (row.arm !== row.details['baseline'] || !(row.propensity > 0)) return expected
  return expected + Math.min(mostWeight, 1 / row.propensity) * ((row.score ?? 0) - expected)
}

const bins = 10

/** By tenth of what was expected, how far the scores were from it. */
function calibrationErrorOf(judged: readonly EvidenceRow[]): number | null {
  if (judged.length === 0) return null
  const sums = Array.from({ length: bins }, () => 0)
  for (const row of judged) {
    const expected = expectedOf(row, row.arm) ?? row.quality
    const bin = Math.min(bins - 1, Math.floor(expected * bins))
    sums[bin] = (sums[bin] ?? 0) + (row.score ?? 0) - expected
  }
  return sums.reduce((total, difference) => total + Math.abs(difference), 0) / judged.length
}
