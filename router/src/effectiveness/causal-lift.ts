import { newcombeInterval, type Proportion } from './intervals.ts'

/**
 * What offering a skill does to the log-odds of a pass, from decisions that were held back by chance. Null unless it surely helps: the
 * interval of Newcombe (95 %) lies above 0.
 */
export function causalLift(offered: Proportion, heldOut: Proportion): number | null {
  if (offered.judged === 0 || heldOut.judged === 0) return null
  const [low] = newcombeInterval(heldOut, offered)
  return low > 0 ? logOdds(offered) - logOdds(heldOut) : null
}

/** With half a pass and half a fail more, so that there is one where all went well (Anscombe 1956). */
function logOdds({ passes, judged }: Proportion): number {
  return Math.log((passes + 0.5) / (judged - passes + 0.5))
}
