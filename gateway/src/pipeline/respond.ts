import { GatewayError } from '@routeiq/contract'
import { maxAnswerBytes } from '../answer-cache/answer-cache.ts'
import type { AttemptPlan } from '../balancing/attempt-plan.ts'
import { isTextOperation } from '../conversation/operation.ts'
import { zeroUsage } from '../conversation/usage.ts'
import { sendError, toGatewayError } from '../http/send-error.ts'
import { headLine } from '../http/server/head-line.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import { ClientStream } from '../relay/client-stream.ts'
import type { PlainReply } from '../relay/relay.ts'
import type { Answer } from './call.ts'
import { describeUpstreamFailure } from './describe-upstream-failure.ts'
import type { Arrival, ModelRequest, Runtime } from './model-request.ts'
import { priceAnswer } from './price-answer.ts'
import type { Progress } from './progress.ts'
import { echoProviderHeaders } from './provider-headers.ts'
import { describeRefusal, describeResponse } from './response-headers.ts'

const jsonHead = 'content-type: application/json\r\n'

const noRelay = { encoding: 'utf8' } as const

/** The client's stream, opened before the upstream call so that pings can bridge a slow start. */
export function openClientStream(request: ModelRequest, progress: Progress): ClientStream {
  const { requests, routing } = request.runtime.config
  return new ClientStream(request.exchange, {
    contentType: request.protocol.streamType,
    keepaliveMs: request.isBinary ? 0 : requests.sseKeepaliveMs,
    keepalive: request.protocol.keepalive,
    stallTimeoutMs: routing.streamIdleTimeoutMs,
    earlyLines: () => describeResponse(request, progress, performance.now()),
    formatFailure: (failure) => {
      if (request.isBinary) return null
      const error =
        failure instanceof GatewayError ? failure : describeUpstreamFailure(failure, progress.deployment)
      const rendering = { requestId: request.exchange.requestId, codeStyle: requests.errorCodeStyle }
      return progress.relay?.formatFailure?.(error) ?? request.protocol.formatStreamError(error, rendering)
    },
  })
}

/** Sends the answer. A promise resolves when the last byte of a stream is with the socket or the client has gone. */
export function respond(
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
  stream: ClientStream | null,
): Promise<void> | undefined {
  progress.status = 200
  if (answer.result.kind !== 'reply')
    return stream === null ? undefined : respondStream(request, answer, plan, progress, stream)
  const kept = answer.result.reply.keep?.()
  if (kept !== undefined) return kept.then(() => respondPlain(request, answer, plan, progress, stream))
  respondPlain(request, answer, plan, progress, stream)
  return undefined
}

function respondPlain(
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
  stream: ClientStream | null,
): void {
  if (answer.result.kind !== 'reply') return
  const { reply } = answer.result
  progress.usage = reply.usage
  // Some providers do not count the texts of embeddings.
  if (reply.usage === null && request.operation === 'embedding') estimateUsage(request, 0, progress)
  priceAnswer(progress, answer.planned.deployment, reply.terms)
  if (stream?.committed === true) {
    // A ping has already promised events.
    if (!reply.isStream) throw streamIgnored(answer)
    stream.complete(textOf(reply.body))
  } else {
    stream?.discard()
    const lines = describeAnswer(request, answer, progress)
    request.exchange.send(200, headOf(request, reply) + lines, reply.body)
  }
  capture(reply, progress)
  plan.succeed(reply.usage)
}

/** The answer is remembered where somebody wants it later. */
function capture(reply: PlainReply, progress: Progress): void {
  if (!progress.capturesAnswer || reply.body.length > maxAnswerBytes) return
  const { usage } = reply
  progress.captured = { isStream: reply.isStream === true, text: () => textOf(reply.body), usage }
}

function headOf({ protocol }: ModelRequest, { isStream, contentType }: PlainReply): string {
  if (contentType !== undefined) return headLine('content-type', contentType)
  return isStream ? `content-type: ${protocol.streamType}\r\ncache-control: no-cache\r\n` : jsonHead
}

/** A reply's body as text: of octets, or of text that holds one octet a character. */
function textOf(body: Buffer | string): string {
  return (typeof body === 'string' ? Buffer.from(body, 'latin1') : body).toString('utf8')
}

/** What the provider said beside an error of its own. */
function describeFailed(
  { protocol, exchange }: ModelRequest,
  error: GatewayError,
  progress: Progress,
): string {
  const { failedFields } = progress
  if (failedFields === null || error.origin !== 'upstream') return ''
  return echoProviderHeaders(failedFields, exchange.receivedAt, protocol.id, hasOwnRates(progress))
}

/** The head lines of an answer: ours, the provider's, and the id where the dialect's clients look for it. */
function describeAnswer(request: ModelRequest, { attempt }: Answer, progress: Progress): string {
  const now = performance.now()
  const { startedAt, receivedAt } = request.exchange
  const lines =
    describeResponse(request, progress, now) +
    echoProviderHeaders(
      attempt.fields,
      receivedAt + (now - startedAt),
      request.protocol.id,
      hasOwnRates(progress),
    )
  const name = request.protocol.requestIdHeader
  return name === undefined ? lines : `${name}: ${request.exchange.requestId}\r\n${lines}`
}

/** A caller with rate limits of its own is not told those of the gateway's account. */
function hasOwnRates({ reservation }: Progress): boolean {
  return reservation?.hasRates === true
}

function streamIgnored({ planned }: Answer): GatewayError {
  const { title } = planned.deployment.provider
  return new GatewayError('upstream_error', `${title} answered a streamed request without streaming.`)
}

async function respondStream(
  request: ModelRequest,
  answer: Answer,
  plan: AttemptPlan,
  progress: Progress,
  stream: ClientStream,
): Promise<void> {
  const { attempt, planned, relay } = answer
  plan.receiveFirstByte()
  progress.relay = relay
  request.exchange.whenClientGone(() => stream.abandon())
  stream.begin(
    attempt,
    relay ?? noRelay,
    describeAnswer(request, answer, progress),
    request.isBinary ? (attempt.fields.get('content-type') ?? null) : null,
  )
  const { failure, interruption } = await stream.outcome
  progress.upstreamEndedAt = performance.now()
  progress.usage = relay?.usage ?? null
  if (progress.usage === null && relay !== null && isTextOperation(request.operation))
    estimateUsage(request, relay.estimatedOutputTokens, progress)
  priceAnswer(progress, planned.deployment, relay?.terms)
  if (failure !== null) {
    progress.error = describeUpstreamFailure(failure, planned.deployment)
    plan.failMidStream(failure)
  } else if (interruption !== null) {
    progress.error = interruption
    plan.abort()
  } else if (request.exchange.clientGone) plan.abort()
  else plan.succeed(progress.usage)
}

function estimateUsage(request: ModelRequest, outputTokens: number, progress: Progress): void {
  progress.usage = { ...zeroUsage, inputTokens: estimateInputTokens(request.bytes.length), outputTokens }
  progress.usageEstimated = true
}

/** A refusal in the client's dialect: a JSON error, or the last event of a stream that was already begun. */
export function respondWithError(
  runtime: Runtime,
  arrival: Arrival,
  request: ModelRequest | null,
  progress: Progress,
  stream: ClientStream | null,
  thrown: unknown,
): GatewayError {
  const error = toGatewayError(thrown)
  progress.error = error
  if (stream?.committed === true) {
    progress.status = 200
    stream.fail(error)
    return error
  }
  stream?.discard()
  progress.status = error.status
  const lines =
    request === null
      ? describeRefusal(arrival.exchange)
      : describeResponse(request, progress, performance.now()) + describeFailed(request, error, progress)
  sendError(arrival.exchange, arrival.protocol.id, error, runtime.config.requests.errorCodeStyle, lines)
  return error
}
