import type { RollupRow } from './rollup-store.ts'
import { groupRows, mostUsed, notActivatedRate, share, tallyOf } from './tally.ts'

/** What became of the decisions that offered a skill. Rates are over those whose traces have come. */
export function formatRouterStats(rows: readonly RollupRow[]): object {
  return {
    ...formatCounts(rows),
    by_model: [...groupRows(offering(rows), ({ modelFamily }) => modelFamily)].map(([family, members]) => ({
      model_name: mostUsed(members, ({ modelName }) => modelName) || null,
      model_family: family || null,
      ...formatCounts(members),
    })),
    by_agent: [...groupRows(offering(rows), ({ agentName }) => agentName)].map(([agent, members]) => ({
      agent_name: agent || null,
      ...formatCounts(members),
    })),
  }
}

function offering(rows: readonly RollupRow[]): readonly RollupRow[] {
  return rows.filter(({ offers }) => offers > 0)
}

function formatCounts(rows: readonly RollupRow[]): object {
  const tally = tallyOf(rows)
  return {
    decisions_count: tally.offers,
    hinted_count: tally.hinted,
    delivered_count: tally.offersDelivered,
    activated_count: tally.offersActivated,
    closed_count: tally.closed,
    decisions_unjoined: tally.offers - tally.closed,
    activation_rate: share(tally.offersActivated, tally.closed),
    offered_not_activated_rate: notActivatedRate(tally),
  }
}
