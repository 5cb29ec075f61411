import type { Deployment } from '../deployments/deployment.ts'
import { pickLowest } from './pick-lowest.ts'
import type { Strategy } from './strategy.ts'

/**
 * The lowest share of its `tpm` used this minute (of its `rpm` when it has no `tpm`). Deployments without room for the
 * request never get here: the limits filter candidates, and each attempt reserves its estimate at the pick.
 */
export const usageBased: Strategy = {
  name: 'usage-based-routing',
  enforcesLimits: true,
  pick(context, candidates) {
    const share = (deployment: Deployment): number => findShare(deployment, context.now)
    const deployment = pickLowest(candidates, share, () => 0, context.random)
    const score = share(deployment)
    return { deployment, reason: `${Math.round(score * 100)} % of its limit used this minute`, score }
  },
}

function findShare(deployment: Deployment, now: number): number {
  const { tokensPerMinute, requestsPerMinute } = deployment
  if (tokensPerMinute !== null && tokensPerMinute > 0)
    return deployment.state.tokensThisMinute(now) / tokensPerMinute
  if (requestsPerMinute !== null && requestsPerMinute > 0) {
    return deployment.state.requestsThisMinute(now) / requestsPerMinute
  }
  return 0
}
