import type { PlannedAttempt } from '../balancing/attempt-plan.ts'
import { isMediaOperation } from '../conversation/operation.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { facing } from '../deployments/select-wires.ts'
import type { UploadRest } from '../http/upload-rest.ts'
import type { WireTarget } from '../providers/wire.ts'
import type { ReplyReader, StreamRelay } from '../relay/relay.ts'
import type { BodyOctets } from '../transport/transport.ts'
import { translateEmbeddings } from './embedding-exchange.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import { passThrough } from './passthrough-exchange.ts'
import { translate } from './translated-exchange.ts'
import { buildWantedBody } from './wanted-body.ts'

/** One upstream call, ready to send, and how its answer becomes the client's. */
export interface UpstreamExchange {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: BodyOctets
  /** What follows `body` and has not arrived yet. */
  readonly rest: UploadRest | null
  readonly relay: StreamRelay | null
  readonly readReply: ReplyReader
  /** Members of the request that the provider has no place for and does not get. */
  readonly dropped: readonly string[]
}

/**
 * Prepares a request for one deployment. The same dialect on both sides sends the client's bytes with the few
 * members changed that must be; different dialects go through the typed conversation model.
 */
export function prepareExchange(
  request: ModelRequest,
  attempt: PlannedAttempt,
  { blobs, fetchMedia }: Pick<Gateway, 'blobs' | 'fetchMedia'>,
): UpstreamExchange | Promise<UpstreamExchange> {
  const deployment = facing(attempt.deployment, request.protocol.id)
  const wanted = buildWantedBody(request.body, deployment, attempt.overrides, request.protocol)
  const target = describeTarget(request, deployment)
  if (isPassedThrough(request, deployment)) return passThrough(request, deployment, wanted, target, blobs)
  return request.operation === 'embedding'
    ? translateEmbeddings(request, deployment, wanted, target)
    : translate(request, deployment, wanted, target, { blobs, fetchMedia })
}

/**
 * The same dialect on both sides and media, which have one form for all, but for what a provider answers in a form its dialect's clients do not read, and for
 * embeddings of Google, who has one form for a vector and another for several, of which only the second goes upstream.
 */
function isPassedThrough({ protocol, operation }: ModelRequest, { wire, provider }: Deployment): boolean {
  if (isMediaOperation(operation)) return true
  if (wire.dialect !== protocol.id) return false
  if (operation === 'chat') return provider.quirks.answersInParts !== true
  return operation !== 'embedding' || protocol.id !== 'google-generate'
}

/** What a wire needs to know of a deployment to write a request for it. */
export function describeTarget(request: ModelRequest, deployment: Deployment): WireTarget {
  const { requests } = request.runtime.config
  return {
    provider: deployment.provider,
    upstreamModel: deployment.upstreamModel,
    dropParams: deployment.dropParams ?? requests.dropParams,
    modifyParams: requests.modifyParams,
    maxOutputTokens: deployment.facts.maxOutputTokens ?? requests.defaultAnthropicMaxTokens,
    supports: deployment.facts.supports,
    thinkingBudgets: requests.thinkingBudgets,
  }
}
