import {
  credibleInterval,
  estimatePrior,
  modelPosterior,
  newcombeInterval,
  type Posterior,
  type Prior,
  posteriorMean,
  skillPosterior,
  type TrendDetail,
  wilsonInterval,
} from '@routeiq/router'
import type { RollupCounts, RollupRow } from './rollup-store.ts'
import { groupRows, judgedOf, mostUsed, share, tallyOf } from './tally.ts'

/** The prior of a workspace from its skills' counts in the window, none of them decayed. */
export function priorOf(skills: readonly RollupRow[]): Prior {
  return estimatePrior(
    [...groupRows(skills, ({ skillName }) => skillName).values()].map((rows) => {
      const { passes, judged } = judgedOf(tallyOf(rows))
      return { passes, judged, weight: judged }
    }),
  )
}

export function posteriorOf(prior: Prior, rows: readonly RollupRow[]): Posterior {
  const { passes, judged } = judgedOf(tallyOf(rows))
  return skillPosterior(prior, { passes, weight: judged })
}

/** What is judged of a skill as a whole. What nobody knows is null. */
export function formatJudged(prior: Prior, rows: readonly RollupRow[]): object {
  const tally = tallyOf(rows)
  return {
    activation_count: tally.activations,
    ...formatRates(tally.passes, tally.fails),
    ...formatPosterior(posteriorOf(prior, rows), tally.passes + tally.fails),
  }
}

/** By model family, each held to what is known of the skill. */
export function formatModels(prior: Prior, rows: readonly RollupRow[]): object[] {
  const skill = posteriorOf(prior, rows)
  const families = groupRows(
    rows.filter(({ activations }) => activations > 0),
    ({ modelFamily }) => modelFamily,
  )
  return [...families].map(([family, members]) => {
    const tally = tallyOf(members)
    const { passes, judged } = judgedOf(tally)
    return {
      model_name: mostUsed(members, ({ modelName }) => modelName) || null,
      model_family: family || null,
      activation_count: tally.activations,
      ...formatRates(tally.passes, tally.fails),
      ...formatPosterior(modelPosterior(skill, { passes, weight: judged }), judged),
    }
  })
}

function formatRates(passes: number, fails: number): object {
  const judged = passes + fails
  return {
    judged_count: judged,
    pass_count: passes,
    fail_count: fails,
    pass_rate: share(passes, judged),
    pass_rate_ci: judged === 0 ? null : wilsonInterval({ passes, judged }),
  }
}

function formatPosterior(posterior: Posterior, judged: number): object {
  return {
    effectiveness: judged === 0 ? null : posteriorMean(posterior),
    effectiveness_ci: judged === 0 ? null : credibleInterval(posterior),
  }
}

/**
 * What offering the skill changes: the pass rate of decisions that offered it less that of decisions that were held back,
 * with the interval of Newcombe. Null without both.
 */
export function formatLift(tally: RollupCounts): object | null {
  const offered = { passes: tally.offeredPasses, judged: tally.offeredJudged }
  const heldOut = { passes: tally.heldOutPasses, judged: tally.heldOutJudged }
  if (offered.judged === 0 || heldOut.judged === 0) return null
  return {
    lift: offered.passes / offered.judged - heldOut.passes / heldOut.judged,
    lift_ci: newcombeInterval(heldOut, offered),
    offered_judged_count: offered.judged,
    holdout_judged_count: heldOut.judged,
  }
}

export function formatTrend({ pValue, ...detail }: TrendDetail): object {
  return { ...detail, p_value: pValue }
}
