import { type Comparison, compareVersions, controlDiscoveries, judgeTrend } from '@routeiq/router'
import { findGaps } from '../analytics/gaps.ts'
import type { RollupRow } from '../analytics/rollup-store.ts'
import { groupRows, judgedOf, tallyOf } from '../analytics/tally.ts'
import type { Finding } from './alert.ts'

/** The share of false alarms that many tests at once may bring. */
const falseDiscoveries = 0.1
const fewestDecisions = 20
const degradedShare = 0.05

export interface WatchedCounts {
  /** By skill and version, in the last 30 days. */
  readonly rows: readonly RollupRow[]
  /** By skill, in the 30 days before. */
  readonly before: readonly RollupRow[]
  /** Hashes of each skill's versions, the newest first. */
  readonly versions: ReadonlyMap<string, readonly string[]>
  readonly decisions: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
}

/** What deserves an alert. Over many skills the tests of one rule are held together by Benjamini and Hochberg. */
export function findFindings(counts: WatchedCounts): readonly Finding[] {
  return [
    ...findDegrading(counts),
    ...findRegressed(counts),
    ...findGaps(counts.rows).map(
      (gap): Finding => ({
        kind: 'discoverability_gap',
        subject: gap.name,
        evidence: {
          closed_hinted_count: gap.closedHinted,
          hinted_not_activated_rate: gap.missedRate,
          lower_bound: gap.lowerBound,
        },
      }),
    ),
    ...findDegradedRouter(counts),
  ]
}

interface Tested {
  readonly pValue: number
  readonly isFound: boolean
  readonly finding: Finding
}

function keepDiscoveries(tested: readonly Tested[]): readonly Finding[] {
  const stands = controlDiscoveries(
    tested.map(({ pValue }) => pValue),
    falseDiscoveries,
  )
  return tested
    .filter(({ isFound }, index) => isFound && stands[index] === true)
    .map(({ finding }) => finding)
}

function findDegrading({ rows, before }: WatchedCounts): readonly Finding[] {
  const earlier = groupRows(before, ({ skillName }) => skillName)
  const tested = [...groupRows(rows, ({ skillName }) => skillName)].flatMap(
    ([subject, members]): Tested[] => {
      const trend = judgeTrend(judgedOf(tallyOf(earlier.get(subject) ?? [])), judgedOf(tallyOf(members)))
      if (trend.pValue === null) return []
      const { p1, n1, p2, n2, z, test, pValue } = trend
      const evidence = { p1, n1, p2, n2, z, test, p_value: pValue }
      return [
        {
          pValue,
          isFound: trend.status === 'degrading',
          finding: { kind: 'skill_degrading', subject, evidence },
        },
      ]
    },
  )
  return keepDiscoveries(tested)
}

/** The newest version against the one before it, of which both were judged. */
function findRegressed({ rows, versions }: WatchedCounts): readonly Finding[] {
  const tested = [...groupRows(rows, ({ skillName }) => skillName)].flatMap(
    ([subject, members]): Tested[] => {
      const byHash = groupRows(members, ({ contentHash }) => contentHash)
      const [candidate, baseline] = (versions.get(subject) ?? []).filter((hash) => byHash.has(hash))
      if (candidate === undefined || baseline === undefined) return []
      const of = (hash: string) => judgedOf(tallyOf(byHash.get(hash) ?? []))
      const comparison = compareVersions(of(baseline), of(candidate))
      if (comparison.reason === 'insufficient_data') return []
      const evidence = describe(comparison, baseline, candidate)
      const finding: Finding = { kind: 'version_regressed', subject, evidence }
      return [{ pValue: comparison.pValue, isFound: comparison.verdict === 'regressed', finding }]
    },
  )
  return keepDiscoveries(tested)
}

function describe(comparison: Comparison, baseline: string, candidate: string): Record<string, unknown> {
  return {
    baseline_hash: baseline,
    candidate_hash: candidate,
    delta_pass_rate: comparison.delta,
    delta_ci: comparison.deltaInterval,
    p_value: comparison.pValue,
  }
}

function findDegradedRouter({ decisions: { total, byReason } }: WatchedCounts): readonly Finding[] {
  const degraded = Object.values(byReason).reduce((sum, count) => sum + count, 0)
  if (total < fewestDecisions || degraded / total <= degradedShare) return []
  return [
    {
      kind: 'router_degraded',
      subject: 'router',
      evidence: { decisions: total, degraded, by_reason: byReason },
    },
  ]
}
