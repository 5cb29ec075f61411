import type { Deployment } from '../deployments/deployment.ts'
import { pickLowest } from './pick-lowest.ts'
import type { Strategy } from './strategy.ts'

/**
 * Fewest requests in flight; ties go to the fewest picks this minute, then to chance. A request counts from the pick
 * to the end of its body, so a burst spreads.
 */
export const leastBusy: Strategy = {
  name: 'least-busy',
  enforcesLimits: false,
  pick(context, candidates) {
    const picks = (deployment: Deployment): number => deployment.state.requestsThisMinute(context.now)
    const deployment = pickLowest(candidates, (candidate) => candidate.state.inFlight, picks, context.random)
    return { deployment, reason: `${deployment.state.inFlight} in flight`, score: deployment.state.inFlight }
  },
}
