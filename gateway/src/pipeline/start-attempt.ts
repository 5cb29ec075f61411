import type { PlannedAttempt } from '../balancing/attempt-plan.ts'
import { ClientGone } from '../http/read-body.ts'
import { Attempt, type AttemptResult } from '../relay/attempt.ts'
import type { Transport } from '../transport/transport.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'

/** Sends a prepared exchange to its deployment. */
export function startAttempt(
  transport: Transport,
  request: ModelRequest,
  planned: PlannedAttempt,
  { path, headers, body, rest, relay, readReply }: Omit<UpstreamExchange, 'dropped'>,
): Attempt {
  const { deployment } = planned
  const { config } = request.runtime
  return new Attempt(
    {
      origin: deployment.origin,
      method: 'POST',
      path,
      headers,
      body,
      rest,
      authorization: deployment.authorization,
    },
    {
      transport,
      timeoutMs: timeoutOf(request, planned),
      idleTimeoutMs: config.routing.streamIdleTimeoutMs,
      maxResponseBytes: config.server.maxResponseBytes,
      relay,
      readReply,
      decodeError: (status, answerHeaders, text) =>
        deployment.wire.decodeError(status, answerHeaders, text, deployment.provider),
    },
  )
}

/** What became of an attempt, once its result is there; not awaited in here, since that costs a promise more. Errors: ClientGone. */
export function verdictOf(
  attempt: Attempt,
  result: AttemptResult,
  progress: Progress,
): Exclude<AttemptResult, { kind: 'cancelled' }> {
  if (result.kind === 'cancelled') {
    progress.upstreamEndedAt = performance.now()
    throw new ClientGone()
  }
  progress.firstByteAt = attempt.firstByteAt
  return result
}

function timeoutOf({ options, stream }: ModelRequest, { deployment }: PlannedAttempt): number {
  return stream
    ? (options.streamTimeoutMs ?? options.timeoutMs ?? deployment.streamTimeoutMs)
    : (options.timeoutMs ?? deployment.timeoutMs)
}
