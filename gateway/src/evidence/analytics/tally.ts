import type { Proportion } from '@routeiq/router'
import type { RollupCounts, RollupRow } from './rollup-store.ts'

/** Rows added up. */
export type Tally = { -readonly [Count in keyof RollupCounts]: number }

const counts: readonly (keyof RollupCounts)[] = [
  'activations',
  'delivered',
  'passes',
  'fails',
  'soloPasses',
  'soloFails',
  'errors',
  'latencyMsSum',
  'latencyCount',
  'costUsdSum',
  'costCount',
  'offers',
  'hinted',
  'offersDelivered',
  'offersActivated',
  'closed',
  'closedHinted',
  'hintedActivated',
  'offeredPasses',
  'offeredJudged',
  'heldOutPasses',
  'heldOutJudged',
]

export function tallyOf(rows: Iterable<RollupCounts>): Tally {
  const sum = Object.fromEntries(counts.map((count) => [count, 0])) as Tally
  for (const row of rows) for (const count of counts) sum[count] += row[count]
  return sum
}

/** Groups in the order in which they first appear. */
export function groupRows(
  rows: readonly RollupRow[],
  key: (row: RollupRow) => string,
): ReadonlyMap<string, readonly RollupRow[]> {
  const groups = new Map<string, RollupRow[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group === undefined) groups.set(key(row), [row])
    else group.push(row)
  }
  return groups
}

export function judgedOf({ passes, fails }: Pick<RollupCounts, 'passes' | 'fails'>): Proportion {
  return { passes, judged: passes + fails }
}

/** Null, not zero, where there is nothing to take a share of. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

/** A rate over decisions is told from twenty closed ones on. */
const fewestClosed = 20

/** How often a skill was offered and then not used, over decisions whose traces have come. */
export function notActivatedRate({ closed, offersActivated }: RollupCounts): number | null {
  return closed < fewestClosed ? null : 1 - offersActivated / closed
}

/** The value that most activations had. */
export function mostUsed(rows: readonly RollupRow[], value: (row: RollupRow) => string): string {
  let best: RollupRow | null = null
  for (const row of rows) {
    if (
      value(row) !== '' &&
      row.activations + row.offers > (best === null ? -1 : best.activations + best.offers)
    ) {
      best = row
    }
  }
  return best === null ? '' : value(best)
}
