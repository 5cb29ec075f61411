import type { AttemptPlan } from '../../balancing/attempt-plan.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { ClientGone } from '../../http/read-body.ts'
import { estimateInputTokens } from '../../pricing/estimate-tokens.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { Answer } from '../call.ts'
import { describeUpstreamFailure } from '../describe-upstream-failure.ts'
import type { ModelRequest } from '../model-request.ts'
import { priceAnswer } from '../price-answer.ts'
import type { Progress } from '../progress.ts'

/**
 * Waits for the end of a stream of which the client has got nothing yet, and gives it as a whole answer. Errors: rejects with ClientGone, and with the
 * provider's failure where it breaks off or is longer than whole answers may be.
 */
export async function holdStream(
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
): Promise<PlainReply> {
  const { relay, planned } = answer
  plan.receiveFirstByte()
  const { text, failure } = await collect(request, answer)
  progress.upstreamEndedAt = performance.now()
  const usage = relay?.usage ?? {
    ...zeroUsage,
    inputTokens: estimateInputTokens(request.bytes.length),
    outputTokens: relay?.estimatedOutputTokens ?? 0,
  }
  progress.usageEstimated ||= relay?.usage == null
  if (failure === null) {
    const last = (await relay?.conclude?.()) ?? ''
    const body = Buffer.concat([Buffer.from(text, relay?.encoding), Buffer.from(last)])
    return { body, isStream: true, usage, ...(relay?.terms === undefined ? {} : { terms: relay.terms }) }
  }
  progress.usage = usage
  priceAnswer(progress, planned.deployment, relay?.terms)
  plan.failMidStream(failure)
  throw describeUpstreamFailure(failure, planned.deployment)
}

interface Collected {
  readonly text: string
  readonly failure: UpstreamFailure | null
}

function collect({ exchange, runtime }: ModelRequest, { attempt }: Answer): Promise<Collected> {
  const { maxResponseBytes } = runtime.config.server
  const parts: string[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    exchange.whenClientGone(() => {
      attempt.cancel()
      reject(new ClientGone())
    })
    attempt.pipeTo({
      write: (text) => {
        length += text.length
        if (length <= maxResponseBytes) parts.push(text)
        else {
          attempt.cancel()
          resolve({ text: '', failure: tooLong(maxResponseBytes) })
        }
        return true
      },
      finish: (failure) => resolve({ text: parts.join(''), failure }),
    })
  })
}

function tooLong(limit: number): UpstreamFailure {
  return {
    ...{ kind: 'response_too_large', status: 0, retryAfterMs: null, providerFields: null },
    message: `The provider answered more than ${limit} bytes (general_settings.max_response_size_mb)`,
  }
}
