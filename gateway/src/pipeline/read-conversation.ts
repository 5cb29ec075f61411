import { GatewayError } from '@routeiq/contract'
import type { ConversationRequest } from '../conversation/request.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { carrierOf } from './carrier-of.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'

/** Null when it cannot be read: its own dialect may know more, and the call says what is wrong. */
export function readConversation(
  gateway: Gateway,
  { protocol, operation, requestedModel, stream, body }: ModelRequest,
  deployment: Deployment,
): ConversationRequest | null {
  const carrier = carrierOf(gateway.blobs, deployment)
  const options = { operation, model: requestedModel, stream, dropParams: true, carrier }
  try {
    return protocol.parseRequest(body, options)
  } catch (error) {
    if (error instanceof GatewayError) return null
    throw error
  }
}
