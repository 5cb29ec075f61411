import type { FoundAnswer } from '../../answer-cache/answer-cache.ts'
import { ClientGone } from '../../http/read-body.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'

/** So long an answer is waited for that is being made for another. */
const mostPatienceMs = 30_000

/**
 * Waits for the answer that an equal request is getting right now; null where it is not to be had or takes too long. Where nobody
 * gets one, `lead` is called in the same turn: of those whom a client that left has kept waiting, one goes on in its place.
 * Errors: ClientGone.
 */
export async function followAnswer(
  { answers, now }: Gateway,
  { exchange, options }: ModelRequest,
  key: string,
  lead: () => void,
): Promise<FoundAnswer | null> {
  // A caller with little time needs half of it for a call of its own.
  const until = now() + Math.min(mostPatienceMs, (options.timeoutMs ?? Number.POSITIVE_INFINITY) / 2)
  for (;;) {
    const follower = answers.underWay.follow(key, until - now())
    if (follower === null) {
      lead()
      return null
    }
    exchange.whenClientGone(follower.leave)
    const outcome = await follower.outcome
    exchange.whenClientGone(null)
    if (exchange.clientGone) throw new ClientGone()
    if (typeof outcome !== 'string') return answers.share(outcome)
    if (outcome !== 'abandoned') return null
  }
}
