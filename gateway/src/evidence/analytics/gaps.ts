import { wilsonInterval } from '@routeiq/router'
import { skillIdOf } from './metric-rows.ts'
import type { MissedRequest, RollupRow } from './rollup-store.ts'
import { groupRows, notActivatedRate, tallyOf } from './tally.ts'

/** A skill whose description attracts the router and not the model. */
export interface Gap {
  readonly name: string
  readonly skillId: string | null
  readonly closedHinted: number
  readonly missedRate: number
  /** Wilson's lower bound of `missedRate`; above one half. */
  readonly lowerBound: number
  readonly notActivatedRate: number
}

const flaggedAbove = 0.5

/** Skills that were named in hints and, surely in more than half of these cases, not used. The clearest first. */
export function findGaps(rows: readonly RollupRow[]): readonly Gap[] {
  return [...groupRows(rows, ({ skillName }) => skillName)]
    .flatMap(([name, members]): Gap[] => {
      const tally = tallyOf(members)
      const rate = notActivatedRate(tally)
      if (rate === null || tally.closedHinted === 0) return []
      const missed = { passes: tally.closedHinted - tally.hintedActivated, judged: tally.closedHinted }
      const [lowerBound] = wilsonInterval(missed)
      if (lowerBound <= flaggedAbove) return []
      const skill = { name, skillId: skillIdOf(members), closedHinted: tally.closedHinted }
      return [{ ...skill, missedRate: missed.passes / missed.judged, lowerBound, notActivatedRate: rate }]
    })
    .sort((left, right) => right.lowerBound - left.lowerBound)
}

export function formatGap(gap: Gap, samples: readonly MissedRequest[]): object {
  return {
    name: gap.name,
    skill_id: gap.skillId,
    closed_hinted_count: gap.closedHinted,
    hinted_not_activated_rate: gap.missedRate,
    lower_bound: gap.lowerBound,
    offered_not_activated_rate: gap.notActivatedRate,
    samples: samples.map(({ routingId, querySha256, queryText }) => ({
      routing_id: routingId,
      query_sha256: querySha256,
      ...(queryText === null ? {} : { query: queryText }),
    })),
  }
}
