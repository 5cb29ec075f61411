import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { Resolution } from '../deployments/resolve-model.ts'
import { readAsk } from '../model-routing/read-ask.ts'
import { carrierOf } from './carrier-of.ts'
import { nameConversation } from './choose-model.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'

/**
 * The request with the deployment its conversation was on, where conversations are held and there are several to choose from.
 * A conversation is what its client calls it, else how it began; an answer that is continued by its id brings its beginning along, or
 * the deployment that keeps it.
 */
export function holdConversation(
  gateway: Gateway,
  request: ModelRequest,
  { group }: Resolution,
  progress: Progress,
): ModelRequest {
  const { routing } = request.runtime.config
  if (routing.conversationAffinity === null || request.operation !== 'chat') return request
  if (group.deployments.length < 2) return request
  // Any deployment of its account could go on with it.
  if (request.boundTo !== null) return { ...request, preferredId: request.preferredId ?? request.boundTo.id }
  const key = describeConversation(gateway, request)
  if (key === null) return request
  progress.conversation = key
  if (request.preferredId !== null) return request
  return { ...request, preferredId: gateway.conversations.find(key, gateway.now()) }
}

/** After an answer: where its conversation goes on. */
export function rememberConversation(
  gateway: Gateway,
  { conversation, deployment, error, status }: Progress,
): void {
  if (conversation !== null && deployment !== null && error === null && status < 400)
    gateway.conversations.remember(conversation, deployment.id, gateway.now())
}

/** Null when nothing can be read that names it. */
function describeConversation(gateway: Gateway, request: ModelRequest): string | null {
  const named = nameConversation(request)
  const name = named === null ? readBeginning(gateway, request) : `named:${named}`
  if (name === null) return null
  const { caller, requestedModel } = request
  const parts = [caller.organizationId ?? '', caller.keyHash ?? '', requestedModel, name]
  return createHash('sha256').update(parts.join('\u0001')).digest('hex').slice(0, 32)
}

function readBeginning(
  gateway: Gateway,
  { protocol, operation, requestedModel, stream, body, runtime }: ModelRequest,
): string | null {
  const [deployment] = runtime.routing.byDeploymentId.values()
  if (deployment === undefined) return null
  const carrier = carrierOf(gateway.blobs, deployment)
  try {
    const options = { operation, model: requestedModel, stream, dropParams: true, carrier }
    const { harnessTags } = runtime.config.modelRouting
    const { systemText, firstText } = readAsk(protocol.parseRequest(body, options), harnessTags)
    return `${systemText.slice(0, 200)}\u0000${firstText.slice(0, 200)}`
  } catch (error) {
    if (error instanceof GatewayError) return null
    throw error
  }
}
